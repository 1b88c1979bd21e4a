"""The mails that people get, as text. What does not live here: sending them.

Every link is one-time and says how long it is good for; who did not ask is told that nothing
happens unless they follow it.
"""

from server.edge.mail import Mail

IGNORE = "If this was not you, you need do nothing."


def registration(to: str, link: str) -> Mail:
    """To an address that wants to register."""
    text = f"Follow this link within a day to make your account:\n\n{link}\n\n{IGNORE}\n"
    return Mail(to, "Your 8gentc account", text)


def registered_already(to: str, login: str) -> Mail:
    """To an address that has an account, and wants to register again."""
    text = (
        "Somebody tried to make an account for this address, which has one already.\n"
        f"Log in, or ask for a new password, at:\n\n{login}\n\n{IGNORE}\n"
    )
    return Mail(to, "Your 8gentc account", text)


def reset(to: str, link: str) -> Mail:
    """To somebody who has forgotten their password."""
    text = f"Follow this link within an hour to choose a new password:\n\n{link}\n\n{IGNORE}\n"
    return Mail(to, "A new password for 8gentc", text)


def new_address(to: str, link: str) -> Mail:
    """To the address that somebody wants to change to."""
    text = f"Follow this link within a day to use this address for 8gentc:\n\n{link}\n\n{IGNORE}\n"
    return Mail(to, "Your new address for 8gentc", text)


def address_changed(to: str, new: str) -> Mail:
    """To the address that somebody has left."""
    text = (
        f"The address of your 8gentc account is now {new}.\n\n"
        "If this was not you, ask whoever runs the server at once.\n"
    )
    return Mail(to, "Your address for 8gentc was changed", text)


def password_changed(to: str) -> Mail:
    """To somebody whose password was changed."""
    text = (
        "The password of your 8gentc account was changed, and other sessions were ended.\n\n"
        "If this was not you, ask for a new password at once.\n"
    )
    return Mail(to, "Your password for 8gentc was changed", text)


def account_deleted(to: str) -> Mail:
    """To somebody whose account is gone."""
    text = (
        "Your 8gentc account was deleted. What you wrote in projects of others stays there,"
        " without your name.\n\n"
        "If this was not you, ask whoever runs the server at once.\n"
    )
    return Mail(to, "Your 8gentc account was deleted", text)
