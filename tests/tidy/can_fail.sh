#!/bin/sh
# Shows that tidy.sh complains: a small tree without faults, and then one fault at a time.
set -u
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tidy-can-fail.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
failures=0

head_of() { printf '/* SPDX-License-Identifier: BSD-3-Clause\n * Something good.\n */\n'; }

# A tree that nobody can complain about.
good_tree() {
	rm -rf "$scratch/tree"
	mkdir -p "$scratch/tree/src/core" "$scratch/tree/src/decisions" "$scratch/tree/tests/core"
	cd "$scratch/tree" || exit 2
	{ head_of; printf '#include "core/good.h"\n\n#include <string.h>\n\nint good(void)\n{\n\treturn 0;\n}\n'; } \
		>src/core/good.c
	{ head_of; printf '#include <stdint.h>\n\nint good(void); /* %s-001, decision 0001: time( is said here */\n' A; } \
		>src/core/good.h
	{ head_of; printf 'int main(void)\n{\n\treturn 0;\n}\n'; } >tests/core/test_good.c
	printf '| %s-001 | good | somewhere |\n' A >src/RULES.md
	printf '# One\n' >src/decisions/0001-one.md
	printf '`src/` `src/core/` `src/decisions/` `tests/` `tests/core/`\n' >src/README.md
}

# complains EXPECTED: about the tree as it is now, with file, line and sentence.
complains() {
	if "$here/tidy.sh" "$scratch/tree" >"$scratch/said" 2>&1; then
		echo "FAILED: no complaint, expected: $1"
		failures=$((failures + 1))
	elif ! grep -qE "$1" "$scratch/said"; then
		echo "FAILED: expected: $1; said:"
		cat "$scratch/said"
		failures=$((failures + 1))
	else
		echo "- $1"
	fi
}

# with FILE TEXT EXPECTED: the good tree plus one line in one file.
with() {
	good_tree
	[ -e "$1" ] || head_of >"$1"
	printf '%s\n' "$2" >>"$1"
	complains "$3"
}

good_tree
"$here/tidy.sh" "$scratch/tree" >"$scratch/said" 2>&1 || {
	echo 'FAILED: complains about a tree without faults:'
	cat "$scratch/said"
	failures=$((failures + 1))
}

with src/core/good.c '#include <pthread.h>' '^src/core/good\.c:12: includes <pthread\.h>: src/core may use no pthread'
with src/core/good.c '#include <stdlib.h>' '^src/core/good\.c:12: includes <stdlib\.h>: src/core may use no libc'
with src/core/good.h '#include "store/sqlite/sqlite_store.h"' 'includes "store/sqlite/sqlite_store\.h": src/core may use only core/'
with src/core/good.c 'void bad(char *a) { strcpy(a, "x"); }' '^src/core/good\.c:12: calls strcpy'
with src/core/good.c 'void bad(char *a) { sprintf (a, "x"); }' 'calls sprintf'
with src/core/good.c 'char *bad(char *a) { return strtok(a, " "); }' 'calls strtok'
with src/core/good.c 'int bad(char *a) { return atoi(a); }' 'calls atoi'
with src/core/good.c 'void *bad(long *a) { return gmtime(a); }' 'calls gmtime'
with src/core/good.c 'void *bad(long *a) { return localtime(a); }' 'calls localtime'
with src/core/good.c 'long bad(void) { return time(0); }' 'calls time'
with src/core/good.c 'double bad;' 'uses double'
with src/core/good.c 'static float bad;' 'uses float'
with src/core/good.c 'void bad(void) { goto out; out: return; }' 'uses goto'
with src/core/good.c "/* TO""DO: the rest */" 'announces work to be done'
with src/core/good.c '/* see /ho''me/somebody/notes */' 'names a folder of one machine'
with src/core/good.c "/* A-0""02 */" '^src/core/good\.c:12: cites A.002'
with src/core/good.c "/* decision 0""002 */" 'cites decision 0002; it has no page'
with src/core/other.c 'int other;' '^src/core/other\.c:1: has no test tests/core/test_other\.c'

good_tree
printf 'int x;\n/* no head */\n' >src/core/good.h
complains '^src/core/good\.h:1: does not begin with'
complains '^src/core/good\.h:2: does not say what the file is'

good_tree
{
	printf 'void long_one(void)\n{\n'
	for i in 1 2 3 4 5 6 7 8 9 10 11; do printf '\t;\n\t;\n\t;\n\t;\n\t;\n\t;\n\t;\n\t;\n\t;\n\t;\n'; done
	printf '}\n'
} >>src/core/good.c
complains '^src/core/good\.c:13: begins a function of 110 lines'

good_tree
mkdir -p src/unknown
{ head_of; printf '#include <stdio.h>\n'; } >src/unknown/file.c
complains 'is in a folder that tests/tidy/layers\.txt does not know'
complains 'src/README\.md:1: does not name the folder src/unknown/'

good_tree
printf '| `src/gone/` | was here |\n' >>src/README.md
complains '^src/README\.md:2: names src/gone/, which is not there'

good_tree
printf '# Core\n\n| File | What |\n|---|---|\n| `other.c` | not this one |\n' >src/core/README.md
complains 'src/core/README\.md:1: has no line for good\.c'

good_tree
mkdir -p db
printf 'SELECT 1;\n' >db/query.sql
complains '^db/query\.sql:1: does not name its licence'

[ "$failures" -eq 0 ] || exit 1
echo 'every rule complains when it is broken'
