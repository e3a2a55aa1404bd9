# Prints "file:line<tab>text" for each place where `pattern` stands as a word of its own.
{
	rest = $0
	before = ""
	while (match(rest, pattern)) {
		found = substr(rest, RSTART, RLENGTH)
		before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : before
		rest = substr(rest, RSTART + RLENGTH)
		if (before !~ /[A-Za-z0-9_-]/ && rest !~ /^[A-Za-z0-9_-]/)
			printf "%s:%d\t%s\n", FILENAME, FNR, found
		before = substr(found, length(found))
	}
}
