# Takes the steps of "Your first AVP" apart: dir/N.diff, dir/N.sh, dir/N.fails
/^## / { in_section = $0 == "## Your first AVP"; next }
!in_section { next }
/^```/ {
	if (in_block) {
		in_block = 0
		close(file)
		next
	}
	in_block = 1
	count++
	kind = $0
	sub(/^```/, "", kind)
	file = ""
	if (kind == "diff")
		file = dir "/" count ".diff"
	else if (kind == "sh")
		file = dir "/" count ".sh"
	else if (kind == "sh fails")
		file = dir "/" count ".fails"
	next
}
in_block && file != "" { print > file }
