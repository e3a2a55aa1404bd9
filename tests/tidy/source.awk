# Reads C sources and headers one after the other; prints a line for each thing that breaks a rule.
# -v layers=layers.txt -v root=DIR/ (taken off the front of file names)

BEGIN {
	while ((getline line < layers) > 0) {
		if (line ~ /^#/ || line ~ /^[ \t]*$/)
			continue
		split(line, part, ":")
		gsub(/[ \t]+$/, "", part[1])
		ours[part[1]] = part[2]
		foreign[part[1]] = part[3]
	}
	split("assert.h inttypes.h limits.h stdbool.h stddef.h stdint.h stdio.h string.h", list, " ")
	for (i in list)
		pure[list[i]] = 1

	banned["strcpy"] = "it writes as far as the text goes: copy with a bound"
	banned["strcat"] = "it writes as far as the text goes: use snprintf"
	banned["sprintf"] = "it writes as far as the text goes: use snprintf"
	banned["vsprintf"] = "it writes as far as the text goes: use vsnprintf"
	banned["gets"] = "it has no bound: use getline or read"
	banned["strtok"] = "it keeps its place in one variable for all threads: use strtok_r or a view"
	banned["atoi"] = "it cannot say that a text is no number: use strtol and look at its end"
	banned["atol"] = "it cannot say that a text is no number: use strtol and look at its end"
	banned["gmtime"] = "it returns one buffer for all threads: use gmtime_r"
	banned["localtime"] = "it returns one buffer for all threads: use localtime_r"
	banned["ctime"] = "it returns one buffer for all threads: use strftime"
	banned["asctime"] = "it returns one buffer for all threads: use strftime"
	banned["time"] = "time comes in as an argument, read by runtime/clock.c (decision 0013)"
	banned["alloca"] = "the stack has no error to return: use an array with a bound"
}

function complain(line, text) {
	printf "%s:%d: %s\n", name, line, text
}

function begin_file() {
	name = FILENAME
	if (index(name, root) == 1)
		name = substr(name, length(root) + 1)
	layer = name
	sub(/\/[^\/]*$/, "", layer)
	is_header = name ~ /\.h$/
	in_comment = 0
	body_at = 0
	declared_at = 0
}

function group_of(header) {
	if (header ~ /^freeDiameter\//) return "freediameter"
	if (header == "xxhash.h") return "xxhash"
	if (header ~ /^libsmartcols/) return "smartcols"
	if (header == "sqlite3.h") return "sqlite"
	if (header == "zstd.h") return "zstd"
	if (header == "yaml.h") return "yaml"
	if (header == "jansson.h") return "jansson"
	if (header == "pthread.h") return "pthread"
	if (header in pure) return "pure"
	return "libc"
}

function has_word(text, word) {
	return index(" " text " ", " " word " ") > 0
}

function check_foreign(header,   group) {
	group = group_of(header)
	if (has_word(foreign[layer], group))
		return
	if (group == "pure" && has_word(foreign[layer], "libc"))
		return
	complain(FNR, "includes <" header ">: " layer " may use no " group \
		"; a layer sees only what src/README.md allows it")
}

function check_ours(header,   count, i, prefix) {
	count = split(ours[layer], prefix, " ")
	for (i = 1; i <= count; i++)
		if (index(header, prefix[i]) == 1)
			return
	complain(FNR, "includes \"" header "\": " layer " may use only" ours[layer] \
		"; a layer sees only what src/README.md allows it")
}

function check_include(line,   header) {
	if (!(layer in ours)) {
		complain(FNR, "is in a folder that tests/tidy/layers.txt does not know; " \
			"each folder of code says there what it may include")
		return
	}
	header = line
	sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", header)
	sub(/[>"].*$/, "", header)
	if (line ~ /include[ \t]*</)
		check_foreign(header)
	else
		check_ours(header)
}

# The line without comments and without what stands between quotes.
function code_of(line,   out, c, quote) {
	out = ""
	quote = ""
	while (line != "") {
		c = substr(line, 1, 1)
		if (in_comment) {
			if (substr(line, 1, 2) == "*/") {
				in_comment = 0
				line = substr(line, 3)
				continue
			}
		} else if (quote != "") {
			if (c == "\\") {
				line = substr(line, 3)
				continue
			}
			if (c == quote)
				quote = ""
		} else if (substr(line, 1, 2) == "/*") {
			in_comment = 1
			line = substr(line, 3)
			continue
		} else if (substr(line, 1, 2) == "//") {
			return out
		} else if (c == "\"" || c == "'") {
			quote = c
		} else {
			out = out c
		}
		line = substr(line, 2)
	}
	return out
}

function check_words(code,   rest, word, after) {
	rest = code
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
		word = substr(rest, RSTART, RLENGTH)
		after = substr(rest, RSTART + RLENGTH)
		rest = after
		if (word == "float" || word == "double")
			complain(FNR, "uses " word ": amounts, counts and times are integers, " \
				"which add up")
		else if (word == "goto")
			complain(FNR, "uses goto: return early and let a small function clean up")
		else if ((word in banned) && after ~ /^[ \t]*\(/)
			complain(FNR, "calls " word ": " banned[word])
	}
}

# A body begins with "{" and ends with "}" in the first column: .clang-format sees to that.
function check_length(line,   lines) {
	if (line == "{" && body_at == 0) {
		body_at = FNR
		return
	}
	if (line != "}" || body_at == 0)
		return
	lines = FNR - body_at - 1
	if (lines > 100)
		complain(body_at, "begins a function of " lines " lines: at most 100, " \
			"so that each does one thing that has a name")
	body_at = 0
}

FNR == 1 {
	begin_file()
	if ($0 != "/* SPDX-License-Identifier: BSD-3-Clause")
		complain(1, "does not begin with \"/* SPDX-License-Identifier: BSD-3-Clause\"; " \
			"every file says its licence in its first line")
}
FNR == 2 && $0 !~ /^ \* [^ ]/ {
	complain(2, "does not say what the file is; the second line of each file is that sentence")
}
{
	if (!in_comment && $0 ~ /^[ \t]*#[ \t]*include[ \t]*[<"]/) {
		check_include($0)
		next
	}
	if (!is_header)
		check_length($0)
	check_words(code_of($0))
}
