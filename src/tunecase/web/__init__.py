"""The app that is served live on this machine only, to those who have its token: the cases of a folder."""

from tunecase.web.serve import serve
