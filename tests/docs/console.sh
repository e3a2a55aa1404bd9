#!/usr/bin/env bash
# Runs the ```console blocks of documents and compares what they print.
#   console.sh DOCUMENT...       paths from the root of the tree
#
# Each document has a scratch folder that looks like the tree after `./run node`: the sources,
# build/release with the programs, build/node with a configuration.  With the line
# <!-- docs: node --> in it, a node runs there while its commands run.
#
#   CHG_SOURCE_DIR, CHG_BIN_DIR   where the tree and the programs are
set -euo pipefail
: "${CHG_SOURCE_DIR:?}" "${CHG_BIN_DIR:?}"
here=$CHG_SOURCE_DIR/tests/docs
# shellcheck source=tests/e2e/lib.sh
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"
trap - EXIT
scratch=$(mktemp -d "${TMPDIR:-/tmp}/docs.XXXXXX")
failures=0

clean_up() {
	[ -z "$node" ] || kill -KILL "$node" 2>/dev/null || :
	rm -rf "$scratch"
}
trap clean_up EXIT

# make_tree: in the working folder.
make_tree() {
	local item
	for item in "$CHG_SOURCE_DIR"/*; do
		[ "$(basename "$item")" = build ] || ln -s "$item" .
	done
	mkdir -p build/node
	ln -s "$CHG_BIN_DIR" build/release
}

# run_one DOCUMENT NUMBER: one command.
run_one() {
	local document=$1 steps=$2 number=$3 at
	at=$(cat "$steps/$number.at")
	ROOT=$CHG_SOURCE_DIR BUILD=$CHG_BIN_DIR NO_COLOR=1 COLUMNS=200 TZ=UTC \
		timeout 60 bash "$steps/$number.sh" >"$steps/$number.came" 2>&1 </dev/null || :
	if awk -f "$here/expect.awk" "$steps/$number.out" "$steps/$number.came" >"$steps/$number.why"; then
		printf -- '- %s:%s: %s\n' "$document" "$at" "$(head -n 1 "$steps/$number.sh")"
		return 0
	fi
	failures=$((failures + 1))
	printf 'FAILED: %s:%s: %s\n' "$document" "$at" "$(cat "$steps/$number.sh")"
	sed 's/^/    /' "$steps/$number.why"
	printf '    ---- all that came:\n'
	sed 's/^/    /' "$steps/$number.came"
}

run_document() {
	local document=$1 steps=$scratch/steps tree=$scratch/tree number
	rm -rf "$steps" "$tree"
	mkdir -p "$steps" "$tree"
	cd "$tree"
	make_tree
	if grep -q '^<!-- docs: node -->' "$CHG_SOURCE_DIR/$document"; then
		cd build/node
		start
		cd "$tree"
	else
		free_port
	fi
	awk -v dir="$steps" -v port="$port" -f "$here/console.awk" "$CHG_SOURCE_DIR/$document"
	for ((number = 1; ; number++)); do
		[ -f "$steps/$number.sh" ] || break
		run_one "$document" "$steps" "$number"
	done
	if [ -n "$node" ]; then stop; fi
	cd /
}

for document; do
	run_document "$document"
done
[ "$failures" -eq 0 ] || fail "$failures commands of documents print something else"
