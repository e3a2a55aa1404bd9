/* SPDX-License-Identifier: BSD-3-Clause
 * Reading page by page.
 */
#include "chgctl/source.h"

#include "chgctl/stop.h"

/* One page: remembers where it ended and whether it was stopped. */
struct page {
	chg_cdr_each *each;
	void *to;
	size_t count;
	int64_t last_cdr_id;
	bool is_stopped;
};

static bool page_each(void *to, const struct chg_cdr *cdr)
{
	struct page *page = to;

	page->count++;
	page->last_cdr_id = cdr->state.cdr_id;
	page->is_stopped = !page->each(page->to, cdr) || ctl_stop_wanted();
	return !page->is_stopped;
}

enum chg_rc ctl_source_scan(struct ctl_source *source, const struct chg_cdr_filter *filter,
	chg_cdr_each *each, bool (*page_end)(void *to), void *to)
{
	struct chg_cdr_filter step = *filter;
	size_t left = filter->limit == 0 ? SIZE_MAX : filter->limit;

	while (left > 0) {
		struct page page = { .each = each, .to = to };
		step.limit = left < CTL_PAGE_RECORDS ? left : CTL_PAGE_RECORDS;
		enum chg_rc rc =
			source->store.ops->scan_cdrs(source->store.self, &step, page_each, &page);
		if (rc != CHG_OK)
			return rc;
		bool goes_on = page_end == NULL || page_end(to);
		if (!goes_on || page.is_stopped || page.count < step.limit)
			return CHG_OK;
		left -= page.count;
		step.after_cdr_id = page.last_cdr_id;
	}
	return CHG_OK;
}
