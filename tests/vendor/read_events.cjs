// Reads a calendar from standard input with ical.js and prints its events as JSON.
const ICAL = require("./ical.es5.min.cjs");
const fs = require("node:fs");

const calendar = new ICAL.Component(ICAL.parse(fs.readFileSync(0, "utf8")));
const events = calendar.getAllSubcomponents("vevent").map((component) => {
  const event = new ICAL.Event(component);
  return {
    uid: event.uid,
    starts: event.startDate.isDate ? event.startDate.toString() : event.startDate.toUnixTime(),
    ends: event.endDate.isDate ? event.endDate.toString() : event.endDate.toUnixTime(),
    summary: event.summary,
    description: event.description ?? "",
    status: component.getFirstPropertyValue("status"),
  };
});
process.stdout.write(JSON.stringify(events));
