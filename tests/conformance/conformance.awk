# Reads rules.def, then the citations "id file", and prints the table.  Complaints go to stderr.
FILENAME == ARGV[1] {
	if (!/^RULE\(/)
		next
	split($0, part, "\"")
	id = substr($0, 6, index($0, ",") - 6)
	if (id in sentence) {
		print "conformance: " id " stands twice in rules.def" > "/dev/stderr"
		failed = 1
	}
	if (part[2] == "" || part[4] == "") {
		print "conformance: " id " needs its clause and its sentence" > "/dev/stderr"
		failed = 1
	}
	order[++count] = id
	clause[id] = part[2]
	sentence[id] = part[4]
	next
}
{
	if (!($1 in sentence) && $1 ~ /^R/ && $2 !~ /\.(chg|golden)$/)
		next
	if (!($1 in sentence)) {
		print "conformance: " $2 " cites " $1 ", which has no row in rules.def" > "/dev/stderr"
		failed = 1
		next
	}
	cited[$1]++
	if (cited[$1] <= shown)
		where[$1] = where[$1] (cited[$1] > 1 ? ", " : "") "`" $2 "`"
}
END {
	print "| Rule | Says | Source | Shown by |"
	print "|---|---|---|---|"
	for (i = 1; i <= count; i++) {
		id = order[i]
		if (!(id in cited)) {
			print "conformance: " id " is shown by no test" > "/dev/stderr"
			failed = 1
			continue
		}
		more = cited[id] > shown ? " and " cited[id] - shown " more" : ""
		print "| " id " | " sentence[id] " | " clause[id] " | " where[id] more " |"
	}
	exit failed
}
