"""身份与单位: which units exist, who works for them in which role, and who is signed in.

Authority: the unit registry that the district office keeps (青府办发〔2022〕28号, task table). Owns units, grants,
sign-in sessions and the signing keys. Publishes `accounts.unit.registered`; hears nothing.
"""
