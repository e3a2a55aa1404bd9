/* SPDX-License-Identifier: BSD-3-Clause
 * Time zones, read from the system's files into a table that needs no files any more.
 */
#ifndef CHG_RUNTIME_TARIFF_ZONE_H
#define CHG_RUNTIME_TARIFF_ZONE_H

#include "core/rc.h"
#include "runtime/tariff_value.h"

#define CHG_ZONE_FOLDER "/usr/share/zoneinfo"

/*
 * Reads what a zone's clocks did and will do in the years 2000 to 2060.  RFC 8536
 *
 *   folder  of the zone files
 *   name    "Europe/Berlin"
 *   ret     its zone, shift and shift_count are written
 *
 *   CHG_E_UNKNOWN  there is no such zone
 *   CHG_E_SYSTEM   its file cannot be read
 *   CHG_E_SYNTAX   its file is damaged
 *   CHG_E_RANGE    it shifts more often than the table has room for
 */
enum chg_rc chg_tariff_zone_read(const char *folder, struct chg_view name, struct chg_tariff *ret,
	char reterr_why[CHG_TARIFF_WHY_MAX]);

/*
 * The same for the octets of a file; its name is not written.
 *
 *   CHG_E_SYNTAX, CHG_E_RANGE  as above
 */
enum chg_rc chg_tariff_zone_parse(struct chg_view file, struct chg_tariff *ret);

#endif
