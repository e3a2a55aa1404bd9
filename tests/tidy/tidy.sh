#!/bin/sh
# Reads the tree and says what breaks a rule, each with file, line and the rule's sentence.
#   tidy.sh [ROOT]     status 0: nothing, 1: something
set -u
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "${1:-$here/../..}" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tidy.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT

# Every file of ours that is text, by path from the root.
files() {
	(cd "$root" && find . \( -name .git -o -name build -o -name .cache \) -prune -o -type f -print) |
		sed 's|^\./||' | sort |
		grep -E '(^|/)(run|Makefile|CMakeLists\.txt|\.clang-[a-z]+|[^/]*\.(c|h|def|sql|sh|awk|md|txt|cmake|json|yaml|conf|chg|in|erl|supp|sysusers|tmpfiles))$'
}
files >"$scratch/files"

# matching ROOT_FILES_REGEX: full paths.
matching() { grep -E "$1" "$scratch/files" | sed "s|^|$root/|"; }

# ---- C: layers, forbidden calls, length of functions, heads

check_sources() {
	matching '^(src|extensions)/.*\.[ch]$' >"$scratch/sources"
	[ -s "$scratch/sources" ] || return 0
	tr '\n' '\0' <"$scratch/sources" |
		xargs -0 awk -v layers="$here/layers.txt" -v root="$root/" -f "$here/source.awk"
}

# first_lines REGEX FILES_REGEX SENTENCE: the first line must match.
first_lines() {
	matching "$2" | while IFS= read -r file; do
		head -n 1 "$file" | grep -qE "$1" || echo "${file#"$root"/}:1: $3"
	done
}

check_heads() {
	licence='does not name its licence; every source says it in its first line'
	first_lines '^/\* SPDX-License-Identifier: BSD-3-Clause$' '^tests/.*\.[ch]$' "$licence"
	first_lines '^-- SPDX-License-Identifier: BSD-3-Clause$' '^db/.*\.sql$' "$licence"
	first_lines '^/\*( |$)' '\.def$' \
		'does not begin with a comment; a .def file explains its columns at the top'
}

# ---- Words

# found REGEX FILES_REGEX SENTENCE
found() {
	matching "$2" | tr '\n' '\0' | xargs -0 -r grep -nHE "$1" /dev/null |
		sed "s|^$root/||" | sed -E "s/^([^:]*:[0-9]+):.*/\1: $3/"
}

check_words() {
	later="TO""DO|FIX""ME|X""XX|HA""CK"
	found "(^|[^A-Za-z0-9_])($later)([^A-Za-z0-9_]|\$)" '.' \
		'announces work to be done; what is not done is not there, and limits stand in README.md'
	found '(^|[^A-Za-z0-9_.$}])/(work|home|root|Users|mnt)/' '.' \
		'names a folder of one machine; paths are relative, or of the installation'
}

# ---- Each source has its test

check_tested() {
	grep -E '^src/(core|app|wire|store/[a-z]+)/[a-z0-9_]+\.c$' "$scratch/files" |
		while IFS= read -r file; do
			name=$(basename "$file" .c)
			layer=${file#src/}
			layer=${layer%%/*}
			test=$(sed -n "s|^$file *: *||p" "$here/tested_by.txt")
			: "${test:=tests/$layer/test_$name.c}"
			[ -f "$root/$test" ] || echo "$file:1: has no test $test; each source of the inner" \
				"layers has one, or says in tests/tidy/tested_by.txt which one exercises it"
		done
}

# ---- Documents

check_folders() {
	sed -n 's|/[^/]*$||p' "$scratch/files" | sort -u | while IFS= read -r folder; do
		case $folder in .*) continue ;; esac
		at=$folder
		named=no
		if grep -qF "\`$folder/\`" "$root/src/README.md" 2>/dev/null; then named=yes; fi
		while [ "$named" = no ] && [ "$at" != "${at%/*}" ]; do
			at=${at%/*}
			if grep -qF "\`$at/**\`" "$root/src/README.md" 2>/dev/null; then named=yes; fi
		done
		[ "$named" = yes ] || echo "src/README.md:1: does not name the folder $folder/;" \
			"the page has a line for every folder"
	done
}

# The other way round: a folder that the page names is there.
check_named_folders() {
	grep -nE '^\| `[a-z0-9_/*-]+`' "$root/src/README.md" 2>/dev/null | while IFS=: read -r line text; do
		for name in $(printf '%s\n' "${text#| }" | sed 's/ |.*//' | tr -d '`'); do
			case $name in
			*/) [ -d "$root/$name" ] || echo "src/README.md:$line: names $name, which is not there" ;;
			esac
		done
	done
}

# A folder of code whose README has a table of its files has all of them in it.
check_file_tables() {
	grep -E '^(src|extensions|tests)/.*README\.md$' "$scratch/files" | while IFS= read -r readme; do
		folder=${readme%/README.md}
		grep -qE '^\| *[Ff]ile' "$root/$readme" || continue
		sed -n 's/^| *\(`[^|]*\) *|.*/\1/p' "$root/$readme" |
			sed 's/\([a-z0-9_*]*\)\.{h,c}/\1.h \1.c/g' | tr ', ' '\n\n' | tr -d '`' |
			grep . >"$scratch/named"
		grep -E "^$folder/[^/]*\.(c|def|awk|sh)\$" "$scratch/files" | while IFS= read -r file; do
			is_named "$(basename "$file")" ||
				echo "$readme:1: has no line for $(basename "$file"); its table names every file"
		done
	done
}

is_named() {
	while IFS= read -r pattern; do
		# shellcheck disable=SC2254 # the table has patterns on purpose
		case $1 in $pattern) return 0 ;; esac
	done <"$scratch/named"
	return 1
}

# Short rule names and decision numbers that are cited have a line, or a page.
check_citations() {
	matching '^(src|extensions|db|dict|tests|conf)/.*\.(c|h|def|sql|chg|sh|awk)$' | tr '\n' '\0' |
		xargs -0 -r awk -v pattern='[A-HJN]-[0-9][0-9]+' -f "$here/cited.awk" |
		while IFS='	' read -r at rule; do
			grep -qE "^\| $rule \|" "$root/src/RULES.md" 2>/dev/null ||
				echo "${at#"$root"/}: cites $rule; src/RULES.md has a line for every rule that is cited"
		done
	matching '\.(c|h|def|sql|chg|sh|awk|md|txt)$' | tr '\n' '\0' |
		xargs -0 -r awk -v pattern='[Dd]ecision [0-9][0-9][0-9][0-9]' -f "$here/cited.awk" |
		while IFS='	' read -r at cited; do
			ls "$root/src/decisions/${cited##* }"-*.md >/dev/null 2>&1 ||
				echo "${at#"$root"/}: cites $cited; it has no page in src/decisions/"
		done
}

{
	check_sources
	check_heads
	check_words
	check_tested
	check_folders
	check_named_folders
	check_file_tables
	check_citations
} >"$scratch/complaints"

if [ -s "$scratch/complaints" ]; then
	cat "$scratch/complaints"
	echo "tidy: $(wc -l <"$scratch/complaints") complaints"
	exit 1
fi
echo "tidy: $(wc -l <"$scratch/files") files, nothing to complain about"
