"""Forms about oneself."""

from zoneinfo import available_timezones

from django import forms


class SignInForm(forms.Form):
    """E-mail and password; `next` says where to go afterwards."""

    email = forms.EmailField(
        label="E-mail", max_length=255, widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        max_length=1024, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    next = forms.CharField(required=False, max_length=2048, widget=forms.HiddenInput)


class NewPasswordForm(forms.Form):
    """A new password, twice."""

    new_password = forms.CharField(
        label="New password",
        max_length=1024,
        strip=False,
        help_text="At least 12 characters; not your name, not a common one.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="New password again",
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_again(self) -> str:
        """Refuse two different new passwords."""
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new_password"):
            raise forms.ValidationError("The two new passwords differ.")
        return again


class PasswordForm(NewPasswordForm):
    """The old password, and the new one twice."""

    field_order = ("old_password", "new_password", "again")
    old_password = forms.CharField(
        label="Present password",
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ProfileForm(forms.Form):
    """Name and time zone of somebody."""

    full_name = forms.CharField(label="Name", max_length=255)
    time_zone = forms.CharField(
        label="Time zone",
        max_length=63,
        help_text="Times on all pages are shown in it, for example Europe/Berlin.",
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )

    def clean_time_zone(self) -> str:
        """Accept the names of the IANA database only."""
        name: str = self.cleaned_data["time_zone"]
        if name not in available_timezones():
            raise forms.ValidationError("This is not a name of the IANA time zone database.")
        return name


class OwnProfileForm(ProfileForm):
    """Name, time zone, and where messages go."""

    notification_email = forms.EmailField(
        label="E-mail for messages", max_length=255, required=False, help_text="Empty = the e-mail you sign in with."
    )
