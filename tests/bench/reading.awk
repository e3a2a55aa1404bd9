# The table of reading.sh.
#
# question, kind, microseconds, records found
# export, format, microseconds, octets, KiB of memory at most, microseconds of as many zeros

$1 == "question" {
	if (!($2 in count))
		kind[++kinds] = $2
	took[$2, ++count[$2]] = $3
	found[$2] += $4
	if ($3 > longest[$2])
		longest[$2] = $3
}

$1 == "export" { export[++exports] = $0 }

# The value in the middle; so few are sorted by insertion.
function median(name, i, j, value) {
	for (i = 2; i <= count[name]; i++) {
		value = took[name, i]
		for (j = i - 1; j >= 1 && took[name, j] > value; j--)
			took[name, j + 1] = took[name, j]
		took[name, j + 1] = value
	}
	return took[name, int((count[name] + 1) / 2)]
}

function table(i, part) {
	print "commit    " commit
	print "method    " questions " questions of each kind to " records " records, each by a chgctl of its own, its start included; an export ends when its"
	print "          file is on the disk, and is compared with as many zeros written by dd conv=fsync in the same minute"
	print "machine   " machine
	printf "\n%-30s %11s %11s %14s\n", "chgctl cdr list", "MEDIAN MS", "LONGEST MS", "RECORDS FOUND"
	for (i = 1; i <= kinds; i++)
		printf "%-30s %11.1f %11.1f %14.1f\n", kind[i], median(kind[i]) / 1000, longest[kind[i]] / 1000, found[kind[i]] / count[kind[i]]
	printf "\n%-30s %11s %11s %14s %11s %15s\n", "chgctl cdr export", "SECONDS", "RECORDS/S", "MIB WRITTEN/S", "MEMORY MIB", "OF WHAT DD DOES"
	for (i = 1; i <= exports; i++) {
		split(export[i], part, "\t")
		printf "%-30s %11.1f %11d %14.1f %11.1f %15.2f\n", part[2], part[3] / 1e6, records * 1e6 / part[3], part[4] / 1.048576 / part[3], part[5] / 1024, part[6] / part[3]
	}
	printf "\nno question took longer than %d ms: %s\n", limit, is_reached ? "reached" : "not reached"
}

function json(i, part) {
	for (i = 1; i <= kinds; i++)
		printf "{\"question\":\"%s\",\"records\":%d,\"median_us\":%d,\"longest_us\":%d}\n", kind[i], records, median(kind[i]), longest[kind[i]]
	for (i = 1; i <= exports; i++) {
		split(export[i], part, "\t")
		printf "{\"export\":\"%s\",\"records\":%d,\"us\":%d,\"octets\":%d,\"memory_kib\":%d,\"dd_us\":%d}\n", part[2], records, part[3], part[4], part[5], part[6]
	}
}

END {
	is_reached = kinds > 0
	for (i = 1; i <= kinds; i++)
		is_reached = is_reached && longest[kind[i]] <= limit * 1000
	if (form == "json")
		json()
	else
		table()
	exit !is_reached
}
