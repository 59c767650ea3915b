"""政府开放月: one campaign a year; who takes part in it when and where, what is missing, and what became of it.

Authority: 青府办发〔2022〕28号, row 45 of the task table. Owns campaigns, photos of the sign, and frozen archives.
Publishes `openmonth.*`; hears `accounts.unit.registered` and what `opendays` says about events, from whose stream the
board can be rebuilt at any time. An event belongs to a campaign because it says so, never because of its date.
"""
