"""Export files made to the documentation of the products, with people at example domains."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

MAILCHIMP_HEAD = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,GMTOFF,"
    "DSTOFF,TIMEZONE,CC,REGION"
)
SUBSCRIBED = (
    f"{MAILCHIMP_HEAD},LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
    'anna@example.com,Anna,Bērziņa,5,"2024-03-01 09:00:00",192.0.2.30,"2024-03-01 09:05:00",192.0.2.31,2,3,'
    'Europe/Riga,LV,25,"2024-03-01 09:05:00",1001,a1b2c3d4e5,,"""Member"",""2025 tasting"""\n'
    'bela@example.com,Béla,Kiss,2,,,"2023-06-25 17:38:27",192.0.2.40,,,,,,"2023-06-27 12:11:50",1002,b1,,\n'
    "cora@example.com,Cora,,1,,,,,,,Europe/Nowhere,,,,1003,c1,,\n"
    "dora@example.com,Dora,,1,,,,,,,,,,,1004,d1,,\n"
)
UNSUBSCRIBED = (
    f"{MAILCHIMP_HEAD},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID,"
    "EUID,NOTES,TAGS\n"
    'dora@example.com,Dora,,1,,,,,,,,,,"2024-05-01 10:00:00",Spring,77,"No longer interested",,1004,d1,,\n'
    'eve@example.com,Eve,,1,,,,,,,,,,"2024-05-02 10:00:00",Spring,77,"Spam complaint",,1005,e1,,\n'
)
CLEANED = (
    f"{MAILCHIMP_HEAD},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID,NOTES,TAGS\n"
    'finn@example.com,Finn,,1,,,,,,,,,,"2024-05-03 10:00:00",Spring,77,1006,f1,,\n'
)
KLAVIYO = (
    "Email,Klaviyo ID,First Name,Last Name,Email Marketing Consent,Email Marketing Consent Timestamp,"
    "Email Suppressions,Email Suppressions Timestamp\n"
    "anna@example.com,01A,Anna,Bērziņa,SUBSCRIBED,2024-03-01T09:05:00+00:00,[],\n"
    "bela@example.com,01B,Béla,Kiss,UNSUBSCRIBED,2024-03-02T09:05:00+00:00,[],\n"
    "cora@example.com,01C,Cora,,NEVER_SUBSCRIBED,,[],\n"
    'dora@example.com,01D,Dora,,SUBSCRIBED,2024-03-03T09:05:00+00:00,"[""HARD_BOUNCE""]",2024-06-01\n'
    "eve@example.com,01E,Eve,,SUBSCRIBED,2024-03-04T09:05:00+00:00,USER_SUPPRESSED,2024-06-02\n"
)
KLAVIYO_WITHOUT = "\n".join(",".join(line.split(",")[:6]) for line in KLAVIYO.splitlines()[:3])
KLAVIYO_SUPPRESSED = (
    "Email,Suppression Reason,Suppression Timestamp\ndora@example.com,HARD_BOUNCE,2024-06-01\n"
)
BREVO = (
    "CONTACT ID;EMAIL;FIRSTNAME;LASTNAME;SMS;EMAIL_BLACKLISTED;ADDED_TIME;MODIFIED_TIME\n"
    "1;anna@example.com;Anna;Bērziņa;37120000001;0;2024-03-01 09:00:00;2024-03-01 09:05:00\n"
    "2;bela@example.com;Béla;Kiss;;1;2024-03-01 09:00:00;2024-03-01 09:05:00\n"
)
LISTMONK = (
    "uuid,email,name,attributes,status,created_at,updated_at\n"
    "6f9b0b3c-0000-4000-8000-000000000001,anna@example.com,Anna Bērziņa,"
    '"{""first_name"": ""Anna"", ""cups"": 3}",'
    "enabled,2024-03-01 09:00:00.123456 +0000 UTC,2024-03-01 09:05:00 +0000 UTC\n"
    "6f9b0b3c-0000-4000-8000-000000000002,bela@example.com,Béla,{},blocklisted,"
    "2024-03-01 09:00:00 +0000 UTC,2024-03-01 09:05:00 +0000 UTC\n"
)


def zipped(path: Path, members: Sequence[tuple[str, str]]) -> Path:
    """A zip with these texts in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members:
            archive.writestr(name, text)
    return path


def mailchimp(path: Path, without: str = "") -> Path:
    """An audience's export, perhaps without one of its files."""
    members = (
        ("subscribed_email_audience_export_5a1b.csv", SUBSCRIBED),
        ("unsubscribed_email_audience_export_5a1b.csv", UNSUBSCRIBED),
        ("cleaned_email_audience_export_5a1b.csv", CLEANED),
        ("__MACOSX/._cleaned_email_audience_export_5a1b.csv", "\0"),
    )
    return zipped(path, [one for one in members if not without or not one[0].startswith(without)])


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file with this text."""
    path.write_bytes(text.encode(encoding))
    return path
