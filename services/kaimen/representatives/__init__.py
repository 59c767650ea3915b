"""公众代表列席: public representatives at decision meetings, drawn by lot in public.

Authority: 青府办发〔2022〕28号 二(四), rows 40 and 41; 国办发〔2016〕80号 一(二). The district government invites
representatives at least three times a year, each unit at least once; what they said and what became of it is public.
Owns decision meetings, agenda items, recruitments, applications, invitations, attendance, statements and replies.
Publishes `representatives.*`; hears `accounts.unit.registered`.
"""
