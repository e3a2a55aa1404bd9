#!/bin/sh
# Checks that links between documents lead somewhere, down to the heading.
#   links.sh [ROOT]
set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "${1:-$here/../..}" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/links.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT

cd "$root" || exit 2
find . \( -name .git -o -name build -o -name .cache \) -prune -o -name '*.md' -print | sed 's|^\./||' |
	sort >"$scratch/documents"

# The names that headings of a document are linked by.
anchors_of() {
	awk '/^```/ { in_block = !in_block }
		!in_block && /^#+ / {
			sub(/^#+ /, ""); $0 = tolower($0)
			gsub(/[^a-z0-9 _-]/, ""); gsub(/ /, "-"); print }' "$1"
}

tr '\n' '\0' <"$scratch/documents" | xargs -0 awk '
	FNR == 1 { in_block = 0 }
	/^ *```/ { in_block = !in_block }
	in_block { next }
	{
		rest = $0
		while (match(rest, /\]\([^)]*\)/)) {
			target = substr(rest, RSTART + 2, RLENGTH - 3)
			rest = substr(rest, RSTART + RLENGTH)
			if (target !~ /^[a-z]+:/)
				printf "%s\t%d\t%s\n", FILENAME, FNR, target
		}
	}' >"$scratch/links"

while IFS='	' read -r document line target; do
	path=${target%%#*}
	folder=$(dirname "$document")
	file=$document
	[ -z "$path" ] || file=$folder/$path
	if [ ! -e "$file" ]; then
		echo "$document:$line: the link $target leads nowhere; links are relative to the document"
		continue
	fi
	case $target in
	*'#'*)
		anchors_of "$file" | grep -qxF "${target#*#}" ||
			echo "$document:$line: the link $target leads to no heading of $file"
		;;
	esac
done <"$scratch/links" >"$scratch/complaints"

if [ -s "$scratch/complaints" ]; then
	cat "$scratch/complaints"
	exit 1
fi
echo "$(wc -l <"$scratch/links") links in $(wc -l <"$scratch/documents") documents lead somewhere"
