# Compares what came (second file) with what was expected (first file).  In an expected line "..."
# stands for any text; a line of nothing but "..." for any lines, and it may be none.  Blanks at the
# end of a line do not count.

function fits(pattern, text,   part, count, i, at) {
	count = split(pattern, part, /\.\.\./)
	if (count == 1)
		return pattern == text
	if (substr(text, 1, length(part[1])) != part[1])
		return 0
	text = substr(text, length(part[1]) + 1)
	for (i = 2; i < count; i++) {
		at = index(text, part[i])
		if (at == 0)
			return 0
		text = substr(text, at + length(part[i]))
	}
	return length(text) >= length(part[count]) && \
		substr(text, length(text) - length(part[count]) + 1) == part[count]
}

# Whether expected[e..] fits came[c..].
function matches(e, c) {
	while (e <= expected_count) {
		if (expected[e] == "...") {
			for (; c <= came_count + 1; c++)
				if (matches(e + 1, c))
					return 1
			return 0
		}
		if (c > came_count || !fits(expected[e], came[c])) {
			if (e >= furthest) {
				furthest = e
				furthest_came = c
			}
			return 0
		}
		e++
		c++
	}
	return c > came_count
}

{ sub(/[ \t\r]+$/, "") }
FILENAME == ARGV[1] { expected[++expected_count] = $0; next }
{ came[++came_count] = $0 }
END {
	if (matches(1, 1))
		exit 0
	missing = (furthest_came > came_count)
	if (furthest > 0)
		printf "expected: %s\nbut came: %s\n", expected[furthest], \
			missing ? "(nothing more)" : came[furthest_came]
	else
		printf "more came than was expected\n"
	exit 1
}
