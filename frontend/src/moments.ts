// Times come in UTC; people read them in their own time, in the language of the page.

export function tellMoments(page: Document): void {
  // International English: the day before the month and 24 hours, as the pages themselves write it.
  const language = page.documentElement.lang === "en" ? "en-GB" : page.documentElement.lang;
  const short = new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const long = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
  for (const element of page.querySelectorAll<HTMLTimeElement>("time[data-moment]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title = long.format(moment);
    element.textContent = short.format(moment);
  }
}
