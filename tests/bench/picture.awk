# The figures of growth.sh into a picture (SVG): answers a second, and p50 and p99, against the number
# of accounts and of records.  The sizes stand at equal distances, since they grow by powers of ten.

BEGIN {
	FS = "\t"
	WIDTH = 380; HEIGHT = 220; LEFT = 70; TOP = 50; GAP = 110
	colour["event"] = "#1f6f8b"; colour["debit"] = "#c8553d"
}

{
	if (!(($1, $2) in place)) {
		place[$1, $2] = ++places[$1]
		size[$1, places[$1]] = $2
	}
	per_s[$1, $3, place[$1, $2]] = $4
	p50[$1, $3, place[$1, $2]] = $5 / 1000
	p99[$1, $3, place[$1, $2]] = $6 / 1000
	kinds[$3] = 1
	if ($4 > most[1]) most[1] = $4
	if ($6 / 1000 > most[2]) most[2] = $6 / 1000
}

function round_up(value, step) {
	step = 1
	while (step * 10 < value)
		step *= 10
	return value <= step * 2 ? step * 2 : value <= step * 5 ? step * 5 : step * 10
}

function short(number) {
	return number >= 1000000 ? number / 1000000 " M" : number >= 1000 ? number / 1000 " k" : number
}

function x_of(axis, at) { return places[axis] > 1 ? (at - 1) * WIDTH / (places[axis] - 1) : WIDTH / 2 }

function text(x, y, anchor, words, more) {
	printf "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, more, words
}

function frame(axis, panel, title, i, y) {
	printf "<rect width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#888\"/>\n", WIDTH, HEIGHT
	text(0, -12, "start", title, " font-weight=\"bold\"")
	for (i = 0; i <= 4; i++) {
		y = HEIGHT - i * HEIGHT / 4
		printf "<line x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#ddd\"/>\n", y, WIDTH, y
		text(-8, y + 4, "end", short(top[panel] * i / 4), "")
	}
	for (i = 1; i <= places[axis]; i++)
		text(x_of(axis, i), HEIGHT + 18, "middle", short(size[axis, i]), "")
}

function curve(axis, kind, values, panel, dash, i, points, x, y) {
	points = ""
	for (i = 1; i <= places[axis]; i++) {
		if (!((axis, kind, i) in values))
			continue
		x = x_of(axis, i)
		y = HEIGHT - values[axis, kind, i] * HEIGHT / top[panel]
		points = points sprintf("%.1f,%.1f ", x, y)
		printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", x, y, colour[kind]
	}
	if (points != "")
		printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", points, colour[kind], dash
}

function panels(axis, column, kind) {
	printf "<g transform=\"translate(%d,%d)\">\n", LEFT + column * (WIDTH + GAP), TOP
	frame(axis, 1, "answers a second, by number of " axis)
	for (kind in kinds)
		curve(axis, kind, per_s, 1, "")
	print "</g>"
	printf "<g transform=\"translate(%d,%d)\">\n", LEFT + column * (WIDTH + GAP), TOP + HEIGHT + 80
	frame(axis, 2, "milliseconds, by number of " axis ": p50, dashed p99")
	for (kind in kinds) {
		curve(axis, kind, p50, 2, "")
		curve(axis, kind, p99, 2, " stroke-dasharray=\"6 4\"")
	}
	print "</g>"
}

END {
	top[1] = round_up(most[1])
	top[2] = round_up(most[2])
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", LEFT + 2 * WIDTH + GAP + 30, TOP + 2 * HEIGHT + 150
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	panels("accounts", 0)
	panels("records", 1)
	text(LEFT, TOP + 2 * HEIGHT + 130, "start", "CCR event debit", " fill=\"" colour["debit"] "\"")
	text(LEFT + 140, TOP + 2 * HEIGHT + 130, "start", "ACR event", " fill=\"" colour["event"] "\"")
	print "</svg>"
}
