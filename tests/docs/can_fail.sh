#!/bin/sh
# Shows that the tests of documents complain.
set -u
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/docs-can-fail.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
failures=0

wrong() {
	echo "FAILED: $1"
	failures=$((failures + 1))
}

# link TEXT STATUS SENTENCE
link() {
	rm -rf "$scratch/tree"
	mkdir -p "$scratch/tree/folder"
	printf '# One heading, and more\n\n%s\n' "$1" >"$scratch/tree/a.md"
	printf '# Other\n' >"$scratch/tree/folder/b.md"
	sh "$here/links.sh" "$scratch/tree" >"$scratch/said" 2>&1
	[ $? -eq "$2" ] || wrong "$3"
	echo "- $3"
}

link 'see [b](folder/b.md)' 0 'a link to a document is good'
link 'see [b](b.md)' 1 'a link to nowhere is not'
link 'see [b](folder/b.md#other)' 0 'a link to a heading is good'
link 'see [b](folder/b.md#another)' 1 'a link to no heading is not'
link 'see [here](#one-heading-and-more)' 0 'a link within the document is good'
link 'see [out](https://example.net/)' 0 'a link to elsewhere is not followed'

# output EXPECTED CAME STATUS SENTENCE
output() {
	printf "$1" >"$scratch/expected"
	printf "$2" >"$scratch/came"
	awk -f "$here/expect.awk" "$scratch/expected" "$scratch/came" >"$scratch/said" 2>&1
	[ $? -eq "$3" ] || wrong "$4"
	echo "- $4"
}

output 'a\nb\n' 'a\nb\n' 0 'equal output fits'
output 'a\nb\n' 'a\nc\n' 1 'another line does not fit'
output 'a\n' 'a\nb\n' 1 'a line too many does not fit'
output 'a\nb\n' 'a\n' 1 'a line too few does not fit'
output 'a...z\n' 'abcz\n' 0 'dots stand for any text'
output 'a...z\n' 'abc\n' 1 'what follows the dots has to come'
output 'a\n...\nz\n' 'a\nb\nc\nz\n' 0 'a line of dots stands for any lines'
output 'a\n...\nz\n' 'a\nz\n' 0 'a line of dots stands for no line as well'
output 'a\n...\nz\n' 'a\nb\n' 1 'what follows the line of dots has to come'
output '' 'a\n' 1 'a command without expectation prints nothing'
output '' '' 0 'nothing fits nothing'

[ "$failures" -eq 0 ] || exit 1
echo 'the tests of documents complain'
