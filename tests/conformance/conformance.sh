#!/bin/sh
# Holds rules.def against the tests: every rule that is cited has its row, every row is cited, and
# README.md ends in the table of them.
#
# usage: conformance.sh            checks
#        conformance.sh --update   writes the table
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
tests=$(dirname "$here")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cd "$tests"
id='[ABDEFGN]-[0-9][0-9][0-9]|J-[0-9][0-9]|R[0-9][0-9]?'

# In code anywhere, also as the beginning of a test's name; in scenarios and golden messages in the
# lines that are made for it.  R1 and the like are names of other things in code, so there only those
# that have a row are citations.
{
	find . \( -path ./conformance -o -path ./fuzz/corpus \) -prune -o -name '*.[ch]' -print | while read -r file; do
		grep -owE "$id" "$file" | sed "s|\$| ${file#./}|" || true
		sed -nE 's/^static void ([abdefgnj]_[0-9]+|r[0-9]+)_.*/\1/p' "$file" |
			tr 'a-z_' 'A-Z-' | sed "s|\$| ${file#./}|"
	done
	find . \( -path ./conformance -o -path ./fuzz/corpus \) -prune -o \( -name '*.chg' -o -name '*.golden' \) -print |
		while read -r file; do
			sed -n '/^rule[ \t]/p' "$file" | grep -owE "$id" |
				sed "s|\$| ${file#./}|" || true
		done
	find . \( -path ./conformance -o -path ./fuzz/corpus \) -prune -o -name '*.sh' -print | while read -r file; do
		grep -owE "$id" "$file" | sed "s|\$| ${file#./}|" || true
	done
} | sort -u >"$scratch/cited"

sed '/^| Rule /,$d' "$here/README.md" >"$scratch/README.md"
awk -v shown=3 -f "$here/conformance.awk" "$here/rules.def" "$scratch/cited" \
	>>"$scratch/README.md"

if [ "${1-}" = --update ]; then
	cp "$scratch/README.md" "$here/README.md"
elif ! diff -u "$here/README.md" "$scratch/README.md"; then
	echo "conformance: the table is not that of the tests;" \
		"run tests/conformance/conformance.sh --update and review it" >&2
	exit 1
fi
echo "$(grep -c '^RULE(' "$here/rules.def") rules, $(wc -l <"$scratch/cited") citations"
