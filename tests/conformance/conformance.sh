#!/bin/sh
# Holds rules.def against the tests: every rule that is cited has its row, every row is cited, and
# README.md and SECTION-B.md end in the tables of them.
#
# usage: conformance.sh            checks
#        conformance.sh --update   writes the tables
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
tests=$(dirname "$here")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cd "$tests"
id='[A-GN]-[0-9][0-9][0-9]|J-[0-9][0-9]|R[0-9][0-9]?'

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

# tables SECTION SHOWN: what rules.def and the citations make of a section, at most SHOWN places each.
tables() {
	awk -v section="$1" -v shown="$2" -f "$here/conformance.awk" "$here/rules.def" "$scratch/cited"
}

sed '/^| Rule /,$d' "$here/README.md" >"$scratch/README.md"
sed '/^## Shown$/,$d' "$here/SECTION-B.md" >"$scratch/SECTION-B.md"
right=yes
tables '' 3 >>"$scratch/README.md" || right=no
tables B 1000 >>"$scratch/SECTION-B.md" || right=no
[ "$right" = yes ] || exit 1

for table in README.md SECTION-B.md; do
	if [ "${1-}" = --update ]; then
		cp "$scratch/$table" "$here/$table"
	elif ! diff -u "$here/$table" "$scratch/$table"; then
		echo "conformance: the tables are not those of the tests;" \
			"run tests/conformance/conformance.sh --update and review them" >&2
		exit 1
	fi
done
echo "$(grep -c '^RULE(' "$here/rules.def") rules, $(wc -l <"$scratch/cited") citations"
