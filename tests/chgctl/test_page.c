/* SPDX-License-Identifier: BSD-3-Clause
 * The page of chgctl top as a function of two readings.
 */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "chgctl/page.h"
#include "runtime/meter.h"

#define US_PER_MS 1000
#define MIB       (UINT64_C(1) << 20)
#define GIB       (UINT64_C(1) << 30)

/* A node that does well, at the start of a watch and two seconds later. */
static struct ctl_reading first_reading(void)
{
	struct ctl_reading reading = { .at = { 50 * CHG_US_PER_S },
		.host = "charging.example.net",
		.version = "1.2.3",
		.pid = 77,
		.uptime_s = 11565,
		.queue_max = 8192,
		.is_ready = true };
	for (size_t i = 0; i < CHG_METER_COUNT; i++)
		reading.has[i] = true;
	reading.value[CHG_METER_ACR_EVENT] = 1000000;
	reading.value[CHG_METER_ANSWER_SUCCESS] = 1000000;
	reading.value[CHG_METER_JOBS] = 1000000;
	reading.value[CHG_METER_TURNS] = 200000;
	reading.value[CHG_METER_COMMITS] = 200001;
	reading.value[CHG_METER_PEERS_OPEN] = 2;
	reading.value[CHG_METER_SESSIONS_OPEN] = 123;
	reading.value[CHG_METER_DATABASE_BYTES] = 3 * GIB / 2;
	reading.value[CHG_METER_DATABASE_LOG_BYTES] = 4 * MIB;
	reading.value[CHG_METER_DISK_FREE_BYTES] = 120 * GIB;
	reading.value[CHG_METER_MEMORY_BYTES] = 43 * MIB + MIB / 4;
	return reading;
}

static struct ctl_reading next_reading(void)
{
	struct ctl_reading reading = first_reading();
	reading.at.us += 2 * CHG_US_PER_S;
	reading.uptime_s += 2;
	reading.value[CHG_METER_ACR_EVENT] += 20000;
	reading.value[CHG_METER_CCR_UPDATE] += 25;
	reading.value[CHG_METER_ANSWER_SUCCESS] += 20020;
	reading.value[CHG_METER_ANSWER_DENIED] += 5;
	reading.value[CHG_METER_JOBS] += 20025;
	reading.value[CHG_METER_JOB_MICROSECONDS] += 20025 * 640;
	reading.value[CHG_METER_JOB_LONGEST] = 12345;
	reading.value[CHG_METER_TURNS] += 500;
	reading.value[CHG_METER_COMMITS] += 501;
	reading.value[CHG_METER_COMMIT_MICROSECONDS] += 501 * 1250;
	reading.value[CHG_METER_COMMIT_LONGEST] = 150 * US_PER_MS;
	reading.value[CHG_METER_QUEUE_JOBS] = 12;
	reading.value[CHG_METER_QUEUE_OLDEST] = 800;
	reading.value[CHG_METER_BATCH_JOBS] = 38;
	reading.value[CHG_METER_BATCH_WAITED] = 2100;
	reading.value[CHG_METER_REQUESTS_IN_WORK] = 40;
	return reading;
}

static char *page_of(
	const struct ctl_reading *before, const struct ctl_reading *now, struct ctl_page_look look)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	assert_non_null(to);
	ctl_page_write(before, now, &look, to);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void assert_page(const struct ctl_reading *before, const struct ctl_reading *now,
	struct ctl_page_look look, const char *expected)
{
	char *text = page_of(before, now, look);
	assert_string_equal(text, expected);
	free(text);
}

static void a_node_that_does_well_fits_a_small_terminal(void **state)
{
	struct ctl_reading before = first_reading(), now = next_reading();
	(void)state;
	assert_page(&before, &now, (struct ctl_page_look){ .columns = 80, .rows = 22 },
		"charging.example.net serves  version 1.2.3  up 3:12:47\n"
		"  Everything is in order.\n"
		"\n"
		"  ACR/s           event 10000  start 0  interim 0  stop 0\n"
		"  CCR/s           event 0  initial 0  update 12.5  termination 0\n"
		"  Answers/s       success 10010  no credit 2.5  try later 0  refused 0\n"
		"  Repeated/s      0\n"
		"  Waiting         12 of 8192, the oldest 800 us; the latest had waited 2.1 ms\n"
		"  Transactions    250/s of 40.1 requests each, 38 in the latest\n"
		"  Commits         251/s of 1.2 ms each, the longest lately 150 ms\n"
		"  Time in node    640 us each, the longest lately 12.3 ms\n"
		"  Clients         2 connected, 40 requests in work, answers held back 0/s\n"
		"  Sessions        123 open; 0 given up since the start of the node\n"
		"  Database        1.5 GiB, its log 4.0 MiB, free on the disk 120.0 GiB\n"
		"  Memory          43.2 MiB\n"
		"  Alarms          0; malformed requests 0; both since the start of the node\n");
}

static void a_first_reading_has_no_rates(void **state)
{
	struct ctl_reading now = next_reading();
	(void)state;
	assert_page(NULL, &now, (struct ctl_page_look){ .columns = 80, .rows = 11 },
		"charging.example.net serves  version 1.2.3  up 3:12:47\n"
		"  Rates come with the next reading.\n"
		"\n"
		"  ACR/s           event -  start -  interim -  stop -\n"
		"  CCR/s           event -  initial -  update -  termination -\n"
		"  Answers/s       success -  no credit -  try later -  refused -\n"
		"  Repeated/s      -\n"
		"  Waiting         12 of 8192, the oldest 800 us; the latest had waited 2.1 ms\n"
		"  Transactions    -/s of - requests each, 38 in the latest\n"
		"  Commits         -/s of - each, the longest lately 150 ms\n"
		"  Time in node    - each, the longest lately 12.3 ms\n");
}

static void trouble_stands_first_and_its_lines_are_marked(void **state)
{
	struct ctl_reading before = first_reading(), now = next_reading();
	(void)state;
	now.value[CHG_METER_PEERS_OPEN] = 0;
	assert_page(&before, &now,
		(struct ctl_page_look){ .columns = 50, .rows = 7, .has_colour = true },
		"charging.example.net serves  version 1.2.3  up 3:1\n"
		"\033[1;31m! Clients: no client is connected: is the network\033[0m\n"
		"\033[1;31m  up, and are they admitted? peer.lost and\033[0m\n"
		"\033[1;31m  peer.refused in the log tell.\033[0m\n"
		"\n"
		"  ACR/s           event 10000  start 0  interim 0\n"
		"                  stop 0\n");
	char *text = page_of(&before, &now, (struct ctl_page_look){ 0 });
	assert_non_null(strstr(text, "\n! Clients         0 connected"));
	assert_null(strstr(text, "in order"));
	free(text);
}

/* What makes a line be out of order, and what that line then begins with. */
static const struct trouble_row {
	const char *says;
	enum chg_meter meter;
	uint64_t value; /* of counters: by how much it grew */
	const char *marked;
} trouble_rows[] = {
	{ "a counter that grows as it should is none", CHG_METER_DUPLICATES, 5, NULL },
	{ "answers that ask to come again", CHG_METER_ANSWER_TRANSIENT, 1, "! Answers/s " },
	{ "a few refusals are the business of clients", CHG_METER_ANSWER_PERMANENT, 20, NULL },
	{ "many refusals", CHG_METER_ANSWER_PERMANENT, 3000, "! Answers/s " },
	{ "many that are sent again", CHG_METER_DUPLICATES, 3000, "! Repeated/s " },
	{ "a queue that is half full", CHG_METER_QUEUE_JOBS, 4096, "! Waiting " },
	{ "a queue that is not", CHG_METER_QUEUE_JOBS, 4095, NULL },
	{ "a request that waits a second", CHG_METER_QUEUE_OLDEST, 1000000, "! Waiting " },
	{ "a transaction that failed", CHG_METER_COMMIT_FAILURES, 1, "! Transactions " },
	{ "commits of fifty milliseconds", CHG_METER_COMMIT_MICROSECONDS, 501 * 50000,
		"! Commits " },
	{ "one commit of a second", CHG_METER_COMMIT_LONGEST, 1000000, "! Commits " },
	{ "a request of a second", CHG_METER_JOB_LONGEST, 1000000, "! Time in node " },
	{ "nobody is connected", CHG_METER_PEERS_OPEN, 0, "! Clients " },
	{ "somebody is turned away", CHG_METER_PEERS_REFUSED, 1, "! Clients " },
	{ "answers are held back", CHG_METER_ANSWERS_HELD, 1, "! Clients " },
	{ "little room on the disk", CHG_METER_DISK_FREE_BYTES, GIB - 1, "! Database " },
	{ "a log that nobody empties", CHG_METER_DATABASE_LOG_BYTES, 256 * MIB, "! Database " },
	{ "an alarm", CHG_METER_ALARMS, 1, "! Alarms " },
	{ "a malformed request", CHG_METER_REQUESTS_MALFORMED, 1, "! Alarms " },
};

static void trouble_row_holds(void **state)
{
	const struct trouble_row *row = *state;
	struct ctl_reading before = first_reading(), now = next_reading();
	bool is_gauge = !chg_meter_is_counter(row->meter);
	now.value[row->meter] = row->value + (is_gauge ? 0 : before.value[row->meter]);
	char *text = page_of(&before, &now, (struct ctl_page_look){ 0 });
	if (row->marked == NULL) {
		assert_non_null(strstr(text, "Everything is in order."));
		assert_null(strchr(text, '!'));
	} else {
		char line[64];
		snprintf(line, sizeof line, "\n%s", row->marked);
		assert_non_null(strstr(text, line));
		size_t label = strcspn(row->marked + 2, " ");
		if (row->meter != CHG_METER_JOB_LONGEST)
			snprintf(line, sizeof line, "\n! %.*s: ", (int)label, row->marked + 2);
		assert_non_null(strstr(text, line)); /* and what to do about it */
	}
	free(text);
}

/* What the other reading is, and which rate of events comes of both. */
static const struct later_row {
	const char *says;
	int64_t after_us, uptime_s;
	uint64_t pid, events;
	const char *part;
} later_rows[] = {
	{ "two seconds later", 2000000, 11567, 77, 1000003, "event 1.5 " },
	{ "half a second later", 500000, 11565, 77, 1000001, "event 2.0 " },
	{ "nothing happened", 2000000, 11567, 77, 1000000, "event 0 " },
	{ "less than a tenth for a second", 3600000000, 15165, 77, 1000100, "event 0 " },
	{ "a hundred and more is told without tenths", 1000000, 11566, 77, 1000100, "event 100 " },
	{ "more than can be multiplied", 1000000, 11566, 77, UINT64_MAX,
		"event 1844674407370955162 " },
	{ "another process", 2000000, 11567, 78, 1000003, "The node was restarted" },
	{ "less uptime", 2000000, 1, 77, 1000003, "The node was restarted" },
	{ "a counter that went backwards", 2000000, 11567, 77, 3, "The node was restarted" },
	{ "no time between them", 0, 11565, 77, 1000003, "event - " },
};

static void later_row_holds(void **state)
{
	const struct later_row *row = *state;
	struct ctl_reading before = first_reading(), now = first_reading();
	now.at.us += row->after_us;
	now.uptime_s = (uint64_t)row->uptime_s;
	now.pid = row->pid;
	now.value[CHG_METER_ACR_EVENT] = row->events;
	char *text = page_of(&before, &now, (struct ctl_page_look){ 0 });
	if (strstr(text, row->part) == NULL)
		fail_msg("no \"%s\" in:\n%s", row->part, text);
	free(text);
}

static void no_terminal_is_too_narrow_or_too_low(void **state)
{
	struct ctl_reading before = first_reading(), now = next_reading();
	(void)state;
	now.value[CHG_METER_PEERS_OPEN] = 0;
	for (size_t columns = 1; columns < 100; columns++) {
		for (size_t rows = 1; rows < 40; rows += 3) {
			struct ctl_page_look look = { .columns = columns, .rows = rows };
			char *text = page_of(&before, &now, look);
			size_t lines = 0;
			for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1) {
				assert_true(strcspn(at, "\n") <= columns);
				lines++;
			}
			assert_true(lines <= rows);
			free(text);
		}
	}
}

static void a_node_that_is_not_ready_is_told(void **state)
{
	struct ctl_reading before = first_reading(), now = next_reading();
	(void)state;
	now.is_ready = false;
	char *text = page_of(&before, &now, (struct ctl_page_look){ 0 });
	assert_non_null(strstr(text, "is starting"));
	assert_non_null(strstr(text, "\n! Node: it is not ready yet."));
	free(text);
	now.is_draining = true;
	text = page_of(&before, &now, (struct ctl_page_look){ 0 });
	assert_non_null(strstr(text, "is stopping"));
	assert_non_null(strstr(text, "\n! Node: it takes no new requests"));
	free(text);
}

static void what_an_older_node_does_not_count_has_no_rate(void **state)
{
	struct ctl_reading before = first_reading(), now = next_reading();
	(void)state;
	now.has[CHG_METER_ANSWER_DENIED] = false;
	char *text = page_of(&before, &now, (struct ctl_page_look){ 0 });
	assert_non_null(strstr(text, "no credit -  try"));
	free(text);
}

static void a_node_that_is_away_is_told_with_its_reason(void **state)
{
	struct ctl_page_look look = { .columns = 40 };
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	(void)state;
	ctl_page_write_away("no node listens at /run/x.sock; start it", 12, &look, to);
	fclose(to);
	assert_string_equal(text, "! Node: No node answers, for 12 s now.\n"
				  "! Why: no node listens at /run/x.sock;\n"
				  "  start it\n"
				  "\n"
				  "  It is tried again and again; q ends th\n");
	free(text);
}

static void replies_become_a_reading(void **state)
{
	json_t *status = json_loads("{\"host\":\"a\\u001b[31mb\",\"version\":\"1.2\",\"pid\":5,"
				    "\"uptime_s\":-3,\"ready\":true,\"queue_max\":10}",
		0, NULL);
	json_t *stats = json_loads("{\"meters\":[{\"name\":\"charging_commits_total\",\"value\":7},"
				   "{\"name\":\"charging_from_the_future\",\"value\":8},{},7]}",
		0, NULL);
	struct ctl_reading reading;
	(void)state;
	ctl_reading_take(status, stats, (chg_instant){ 3 }, &reading);
	assert_string_equal(reading.host, "a?[31mb");
	assert_int_equal(reading.pid, 5);
	assert_int_equal(reading.uptime_s, 0);
	assert_true(reading.is_ready && !reading.is_draining);
	assert_true(reading.has[CHG_METER_COMMITS]);
	assert_int_equal(reading.value[CHG_METER_COMMITS], 7);
	assert_false(reading.has[CHG_METER_JOBS]);
	json_decref(status);
	json_decref(stats);
}

int main(void)
{
	struct CMUnitTest tests[64] = {
		cmocka_unit_test(a_node_that_does_well_fits_a_small_terminal),
		cmocka_unit_test(a_first_reading_has_no_rates),
		cmocka_unit_test(trouble_stands_first_and_its_lines_are_marked),
		cmocka_unit_test(no_terminal_is_too_narrow_or_too_low),
		cmocka_unit_test(a_node_that_is_not_ready_is_told),
		cmocka_unit_test(what_an_older_node_does_not_count_has_no_rate),
		cmocka_unit_test(a_node_that_is_away_is_told_with_its_reason),
		cmocka_unit_test(replies_become_a_reading),
	};
	size_t count = 8;

	ADD_ROWS(tests, &count, trouble_rows, trouble_row_holds);
	ADD_ROWS(tests, &count, later_rows, later_row_holds);
	return RUN_ROWS("the page of chgctl top", tests, count);
}
