# Reads rules.def, then the citations "id file".  -v section= prints the table of all rules but
# those of section B, and complains; -v section=B prints the tables of that section.
# Complaints go to stderr.

function complain(text) {
	if (section == "")
		print "conformance: " text > "/dev/stderr"
	failed = 1
}

# RULE(id, "clause", "sentence"): split at the quotes.
function read_row(   part, id) {
	split($0, part, "\"")
	id = substr($0, index($0, "(") + 1)
	id = substr(id, 1, index(id, ",") - 1)
	if (id in sentence)
		complain(id " stands twice in rules.def")
	if (part[2] == "" || part[4] == "")
		complain(id " needs its clause and its sentence")
	order[++count] = id
	kind[id] = substr($0, 1, index($0, "(") - 1)
	clause[id] = part[2]
	sentence[id] = part[4]
	reason[id] = kind[id] == "OPEN" ? "not yet" : "later: " part[6]
	if (kind[id] == "LATER" && part[6] == "")
		complain(id " needs the feature that it belongs to")
}

function judge(id) {
	if (kind[id] == "RULE" && !(id in cited))
		complain(id " is shown by no test")
	if (kind[id] != "RULE" && id in cited)
		complain(id " is shown by " where[id] " now: its row in rules.def is a RULE")
}

function print_row(id,   more) {
	more = cited[id] > shown ? " and " cited[id] - shown " more" : ""
	print "| " id " | " sentence[id] " | " clause[id] " | " where[id] more " |"
}

function print_rules(   i) {
	print "| Rule | Says | Source | Shown by |"
	print "|---|---|---|---|"
	for (i = 1; i <= count; i++)
		if (kind[order[i]] == "RULE" && (order[i] ~ /^B-/) == (section == "B"))
			print_row(order[i])
}

function print_gaps(wanted,   i, id) {
	print "| Rule | Says | Source | Why |"
	print "|---|---|---|---|"
	for (i = 1; i <= count; i++) {
		id = order[i]
		if (id ~ /^B-/ && kind[id] == wanted)
			print "| " id " | " sentence[id] " | " clause[id] " | " reason[id] " |"
	}
}

function print_section(   i, of) {
	for (i = 1; i <= count; i++)
		if (order[i] ~ /^B-/) {
			of[kind[order[i]]]++
			of["all"]++
		}
	printf "## Shown\n\nOf %d rules %d are shown by tests; %d belong to features that are not " \
		"there, %d are not shown yet.\n\n", of["all"], of["RULE"], of["LATER"], of["OPEN"]
	print_rules()
	if (of["OPEN"] > 0) {
		printf "\n## Not shown yet\n\n"
		print_gaps("OPEN")
	}
	if (of["LATER"] > 0) {
		printf "\n## Later features\n\n"
		print_gaps("LATER")
	}
}

FILENAME == ARGV[1] {
	if (/^(RULE|OPEN|LATER)\(/)
		read_row()
	next
}
{
	if (!($1 in sentence) && $1 ~ /^R/ && $2 !~ /\.(chg|golden)$/)
		next
	if (!($1 in sentence)) {
		complain($2 " cites " $1 ", which has no row in rules.def")
		next
	}
	cited[$1]++
	if (cited[$1] <= shown)
		where[$1] = where[$1] (cited[$1] > 1 ? ", " : "") "`" $2 "`"
}
END {
	for (i = 1; i <= count; i++)
		judge(order[i])
	if (section == "B")
		print_section()
	else
		print_rules()
	exit failed
}
