# Figures of a benchmark into a table, or into JSON.
#
#   awk -v mode=text|json -v sync_us=N -f report.awk targets.txt results.tsv
#
# results.tsv: run, case, server, kind, peers, outstanding, rate, accounts, tariff, answers a second,
# p50, p90, p99, p99.9, max (us), server CPU a request (us), client CPU a request (us), requests a
# commit (0 none), memory and its peak (KiB), failed, wrong, unanswered, late.
#
# A server that was measured twice in a run counts with the mean of both; of several runs, the median
# is shown, and the lowest and highest of answers a second.

function trim(text) {
	gsub(/^[ \t]+|[ \t]+$/, "", text)
	return text
}

# The median of list[1..count]; sorts it.
function median(list, count, i, j, swap) {
	for (i = 2; i <= count; i++) {
		swap = list[i]
		for (j = i - 1; j > 0 && list[j] > swap; j--)
			list[j + 1] = list[j]
		list[j + 1] = swap
	}
	return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
}

# The mean of a field over the measurements of one run.
function of_run(run, name, server, field) {
	return sum[run, name, server, field] / times[run, name, server]
}

# The median of a field over the runs; "" when nothing was measured.
function figure(name, server, field, run, list, count) {
	for (run = 1; run <= runs; run++)
		if ((run, name, server) in times)
			list[++count] = of_run(run, name, server, field)
	return count ? median(list, count) : ""
}

function lowest(name, server, field, run, value, seen) {
	for (run = 1; run <= runs; run++)
		if ((run, name, server) in times) {
			value = of_run(run, name, server, field)
			if (seen == "" || value < seen)
				seen = value
		}
	return seen
}

function highest(name, server, field, run, value, seen) {
	for (run = 1; run <= runs; run++)
		if ((run, name, server) in times) {
			value = of_run(run, name, server, field)
			if (value > seen)
				seen = value
		}
	return seen
}

# 12345 -> 12,345
function grouped(value, text, out) {
	text = sprintf("%.0f", value)
	while (length(text) > 3) {
		out = "," substr(text, length(text) - 2) out
		text = substr(text, 1, length(text) - 3)
	}
	return text out
}

function ms(us) {
	return us >= 100000 ? sprintf("%.0f", us / 1000) : us >= 10000 ? sprintf("%.1f", us / 1000) : sprintf("%.2f", us / 1000)
}

function matches(name, pattern) {
	return pattern ~ /\*$/ ? index(name, substr(pattern, 1, length(pattern) - 1)) == 1 : name == pattern
}

# The best answers a second of a server in one run, over all cases that match and that the node was
# measured in without a given rate.
function best(run, pattern, server, i, value, most) {
	most = 0
	for (i = 1; i <= case_count; i++) {
		if (!matches(cases[i], pattern) || rate[cases[i]] > 0 || !((run, cases[i], server) in times))
			continue
		value = of_run(run, cases[i], server, PER_S)
		if (value > most)
			most = value
	}
	return most
}

# The figure of a target in one run; "" when it was not measured.
function reached(target, run, ours, theirs) {
	if (form[target] == "ratio") {
		ours = best(run, pattern[target], "node")
		theirs = best(run, pattern[target], against[target])
		return ours && theirs ? ours / theirs : ""
	}
	if (!((run, pattern[target], "node") in times))
		return ""
	if (form[target] == "p50")
		return of_run(run, pattern[target], "node", P50) / 1000
	if (form[target] == "p99")
		return of_run(run, pattern[target], "node", P99) / 1000
	if (!((run, pattern[target], against[target]) in times) || sync_us <= 0)
		return ""
	return (of_run(run, pattern[target], "node", P50) - of_run(run, pattern[target], against[target], P50)) / sync_us
}

# Sets value, low and high of a target; false when no run measured it.
function judge(target, run, one, list, count) {
	low = high = ""
	for (run = 1; run <= runs; run++) {
		one = reached(target, run)
		if (one == "")
			continue
		list[++count] = one
		if (low == "" || one < low)
			low = one
		if (high == "" || one > high)
			high = one
	}
	if (!count)
		return 0
	value = median(list, count)
	is_reached = form[target] == "ratio" ? value >= limit[target] : value < limit[target]
	return 1
}

BEGIN {
	FS = "\t"
	RATE = 7; PER_S = 10; P50 = 11; P90 = 12; P99 = 13; P999 = 14; MAX = 15
	CPU = 16; CLIENT = 17; BATCH = 18; MEMORY = 19; PEAK = 20
	FAILED = 21; WRONG = 22; UNANSWERED = 23; LATE = 24
}

FILENAME ~ /targets\.txt$/ {
	if ($0 ~ /^#/ || $0 !~ /:/)
		next
	split($0, part, / *: */)
	target_count++
	form[target_count] = trim(part[1])
	pattern[target_count] = trim(part[2])
	against[target_count] = trim(part[3])
	limit[target_count] = part[4] + 0
	sentence[target_count] = trim(substr($0, index($0, " : " part[5]) + 3))
	next
}

{
	if (!($2 in known)) {
		known[$2] = 1
		cases[++case_count] = $2
		described[$2] = sprintf("%s %sx%s", $4, $5, $6)
		rate[$2] = $RATE
	}
	if (!(($2, $3) in has)) {
		has[$2, $3] = 1
		servers[$2, ++server_count[$2]] = $3
	}
	times[$1, $2, $3]++
	sum[$1, $2, $3, RATE] += $RATE
	for (i = PER_S; i <= LATE; i++)
		sum[$1, $2, $3, i] += $i
	faults[$2, $3] += $FAILED + $WRONG + $UNANSWERED
	if ($1 > runs)
		runs = $1
}

# How a case is driven; half of the peak is another rate in each run.
function described_as(name, server) {
	if (rate[name] == 0)
		return described[name]
	if (lowest(name, server, RATE) != highest(name, server, RATE))
		return described[name] " at half"
	return described[name] " at " grouped(rate[name])
}

# The node against the server; with a rate, what was answered against what was asked.
function share_of(name, server) {
	if (rate[name] > 0)
		return sprintf("%.2f", figure(name, server, PER_S) / figure(name, server, RATE))
	return server == "node" ? "" : sprintf("%.2f", figure(name, "node", PER_S) / figure(name, server, PER_S))
}

function print_row(name, server) {
	printf "%-15s %-22s %-8s %8s", name, described_as(name, server), server, grouped(figure(name, server, PER_S))
	if (runs > 1)
		printf " %17s", grouped(lowest(name, server, PER_S)) ".." grouped(highest(name, server, PER_S))
	printf " %6s %6s %6s %6s", ms(figure(name, server, P50)), ms(figure(name, server, P90)),
		ms(figure(name, server, P99)), ms(figure(name, server, P999))
	printf " %6.1f %6.1f %6s %5.0f %5.0f %6s", figure(name, server, CPU), figure(name, server, CLIENT),
		server == "node" ? sprintf("%.1f", figure(name, server, BATCH)) : "",
		figure(name, server, MEMORY) / 1024, figure(name, server, PEAK) / 1024, faults[name, server]
	printf " %7s\n", share_of(name, server)
}

function print_text(i, j, t) {
	printf "%-15s %-22s %-8s %8s", "CASE", "KIND", "SERVER", "ANSWERS/S"
	if (runs > 1)
		printf " %16s", "OF " runs " RUNS"
	printf " %6s %6s %6s %6s %6s %6s %6s %5s %5s %6s %7s\n", "P50 MS", "P90", "P99", "P99.9",
		"CPU US", "CLIENT", "BATCH", "MIB", "PEAK", "FAULTS", "NODE IS"
	for (i = 1; i <= case_count; i++)
		for (j = 1; j <= server_count[cases[i]]; j++)
			print_row(cases[i], servers[cases[i], j])
	printf "\n%-92s %8s %8s", "WHAT IT HAS TO REACH", "FIGURE", "LIMIT"
	print (runs > 1 ? sprintf(" %15s", "OF " runs " RUNS") : "")
	for (t = 1; t <= target_count; t++) {
		if (!judge(t))
			continue
		printf "%-92s %8.2f %s %6.2f", sentence[t], value, form[t] == "ratio" ? ">=" : " <", limit[t]
		if (runs > 1)
			printf " %15s", sprintf("%.2f..%.2f", low, high)
		printf "  %s\n", is_reached ? "reached" : "not reached"
	}
}

function print_json(i, j, t, name, server, comma) {
	printf "\"results\":["
	for (i = 1; i <= case_count; i++)
		for (j = 1; j <= server_count[cases[i]]; j++) {
			name = cases[i]
			server = servers[name, j]
			printf "%s\n{\"case\":\"%s\",\"kind\":\"%s\",\"server\":\"%s\",\"answers_per_s\":%.0f,", comma, name, described_as(name, server), server, figure(name, server, PER_S)
			printf "\"answers_per_s_low\":%.0f,\"answers_per_s_high\":%.0f,", lowest(name, server, PER_S), highest(name, server, PER_S)
			printf "\"p50_us\":%.0f,\"p90_us\":%.0f,\"p99_us\":%.0f,\"p999_us\":%.0f,\"max_us\":%.0f,", figure(name, server, P50), figure(name, server, P90), figure(name, server, P99), figure(name, server, P999), figure(name, server, MAX)
			printf "\"cpu_us_per_request\":%.2f,\"client_cpu_us_per_request\":%.2f,\"requests_per_commit\":%.1f,", figure(name, server, CPU), figure(name, server, CLIENT), figure(name, server, BATCH)
			printf "\"memory_kib\":%.0f,\"memory_peak_kib\":%.0f,\"faults\":%d}", figure(name, server, MEMORY), figure(name, server, PEAK), faults[name, server]
			comma = ","
		}
	printf "],\n\"targets\":["
	comma = ""
	for (t = 1; t <= target_count; t++) {
		if (!judge(t))
			continue
		printf "%s\n{\"sentence\":\"%s\",\"figure\":%.3f,\"low\":%.3f,\"high\":%.3f,\"limit\":%s,\"must_be\":\"%s\",\"reached\":%s}", comma, sentence[t], value, low, high, limit[t], form[t] == "ratio" ? "at least" : "below", is_reached ? "true" : "false"
		comma = ","
	}
	print "]}"
}

END {
	if (mode == "json")
		print_json()
	else
		print_text()
}
