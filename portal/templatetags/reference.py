"""Template filters that turn the marks in the reference's texts into HTML."""

from django import template

from portal.reference import markup

register = template.Library()
register.filter("inline", markup.inline)
register.filter("paragraphs", markup.paragraphs)
register.filter("link_objects", markup.link_objects)
