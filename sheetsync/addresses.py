"""What counts as a mail address: exactly one plain one, whether it is typed in a cell or about to be written to."""


def valid_address(text: str) -> str | None:
    """The text as one plain ASCII address (international domains in their xn-- form), or None when it is not one."""
    from email_validator import EmailNotValidError, validate_email

    try:
        # A `test_environment` takes addresses under .test as well, with which people try things out.
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except (EmailNotValidError, UnicodeError):
        return None
    # An encoded word is taken apart by many a program, and may come out as another address.
    return None if "=?" in (found.ascii_email or "") else found.ascii_email
