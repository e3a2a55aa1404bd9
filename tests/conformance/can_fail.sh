#!/bin/sh
# Shows that conformance.sh complains: a small tree without faults, and then one fault at a time.
set -u
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/conformance-can-fail.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tests
failures=0

# Ids of rules that there are not: they stand with another line here, so that nothing else finds them.
ids() { sed 's/_80/-80/g'; }

# A tree that nobody can complain about.
good_tree() {
	rm -rf "$tree"
	mkdir -p "$tree/conformance" "$tree/core"
	cp "$here/conformance.sh" "$here/conformance.awk" "$tree/conformance"
	ids >"$tree/conformance/rules.def" <<'END'
RULE(A_801, "RFC 1", "One.")
RULE(B_801, "RFC 2", "Two.")
OPEN(B_802, "RFC 3", "Three.")
LATER(B_803, "RFC 4", "Four.", "pools")
END
	printf '# All\n\n' >"$tree/conformance/README.md"
	printf '# B\n\n' >"$tree/conformance/SECTION-B.md"
	echo '/* A_801, B_801 */' | ids >"$tree/core/test_one.c"
	"$tree/conformance/conformance.sh" --update >/dev/null || failures=$((failures + 1))
}

# says STATUS REGEX SENTENCE: of the tree as it is now.
says() {
	"$tree/conformance/conformance.sh" >"$scratch/said" 2>&1
	if [ $? -ne "$1" ] || ! grep -qE "$2" "$scratch/said"; then
		echo "FAILED: $3"
		cat "$scratch/said"
		failures=$((failures + 1))
	else
		echo "- $3"
	fi
}

# cites TEXT: a second test that cites it.
cites() { echo "/* $1 */" | ids >"$tree/core/test_two.c"; }

good_tree
says 0 '^2 rules, 2 citations$' 'rules and tests that fit are good'
cites "B_804"
says 1 'test_two\.c cites B.804, which has no row' 'a rule that is cited has a row'

good_tree
rm "$tree/core/test_one.c"
says 1 'A.801 is shown by no test' 'a rule that lost its last test is told'

good_tree
cites "B_802"
says 1 'B.802 is shown by .core/test_two\.c. now' 'a rule that is shown is not open'
cites "B_803"
says 1 'B.803 is shown by .core/test_two\.c. now' 'a rule that is shown belongs to no later feature'

good_tree
cites "A_801"
says 1 'the tables are not those of the tests' 'another test that shows a rule is in the table'

good_tree
echo 'RULE(A_801, "RFC 1", "Again.")' | ids >>"$tree/conformance/rules.def"
says 1 'A.801 stands twice' 'a rule has one row'

good_tree
echo 'LATER(B_805, "RFC 1", "Five.")' | ids >>"$tree/conformance/rules.def"
says 1 'B.805 needs the feature' 'what is later says what it waits for'

[ "$failures" -eq 0 ] || exit 1
echo 'conformance complains when rules and tests differ'
