#!/bin/sh
# Carries out "Your first AVP" of CONTRIBUTING.md in a copy of the tree: its ```diff blocks are
# applied, its ```sh blocks run, and those marked `fails` must fail, in the order of the document.
#   first_avp.sh [ROOT]
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "${1:-$here/../..}" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/first-avp.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
steps=$scratch/steps
tree=$scratch/tree
mkdir -p "$steps" "$tree"

fail() {
	printf 'FAILED: %s\n' "$1" >&2
	[ ! -s "$scratch/said" ] || tail -n 40 "$scratch/said" >&2
	exit 1
}

awk -v dir="$steps" -f "$here/first_avp.awk" "$root/CONTRIBUTING.md"
[ -n "$(ls "$steps")" ] || fail 'CONTRIBUTING.md has no steps under "## Your first AVP"'

for item in "$root"/*; do
	case $(basename "$item") in
	build) ;;
	*) cp -R "$item" "$tree" || fail "cannot copy $item" ;;
	esac
done
cd "$tree" || exit 2
# git finds the root of what it patches by its repository.
git init -q . >"$scratch/said" 2>&1 || fail 'git init'
export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-2}"

run() { sh -e "$1" >"$scratch/said" 2>&1 </dev/null; }

for step in $(ls "$steps" | sort -n); do
	file=$steps/$step
	case $step in
	*.diff)
		git apply "$file" >"$scratch/said" 2>&1 ||
			fail "a diff of CONTRIBUTING.md does not apply any more: $(sed -n 's/^+++ b.//p' "$file")"
		echo "- applied: $(sed -n 's/^+++ b.//p' "$file")"
		;;
	*.fails)
		! run "$file" || fail "this should have failed: $(cat "$file")"
		grep -q 'CHG_AVP_ACCT_DELAY_TIME' "$scratch/said" ||
			fail 'the build failed for another reason than the missing row'
		echo '- failed as it should: CHG_AVP_ACCT_DELAY_TIME does not exist'
		;;
	*.sh)
		run "$file" || fail "this failed: $(cat "$file")"
		echo "- ran: $(tail -n 1 "$file")"
		;;
	esac
done
grep -qE 'tests passed' "$scratch/said" || fail 'no test was run at the end'
echo 'the first AVP is as CONTRIBUTING.md says'
