const HIGHEST = [59, 23, 31, 12, 7];
const [DAY_OF_MONTH, DAY_OF_WEEK] = [2, 4];

/**
 * Says in the words of crontab(5) what a cron expression meant before it was read as such: only `*` alone left a day field
 * unrestricted, and a range with a step might end above the highest value.
 */
export function asCrontab(cron: string): string {
  const fields = cron.trim().split(/[ \t]+/);
  const isEither = fields[DAY_OF_MONTH] !== '*' && fields[DAY_OF_WEEK] !== '*';
  const words = fields.map((field, place) => {
    const highest = HIGHEST[place] ?? 0;
    const ended = field.replace(/-(\d+)/g, (range, end: string) =>
      Number(end) > highest ? `-${highest}` : range,
    );
    if (!isEither) return ended;
    if (place === DAY_OF_MONTH) return ended.replace(/^\*/, '1-31');
    return place === DAY_OF_WEEK ? ended.replace(/^\*/, '0-6') : ended;
  });
  const same = words.every((word, place) => word === fields[place]);
  return same ? cron : words.join(' ');
}
