"""Contrast as WCAG 2 has it: of the colours in our tables, and of every text on a page as the browser shows it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

TEXT, SYMBOL = 4.5, 3.0  # what level AA asks of text, and of symbols and the edges of fields
_LINEAR, _BEND, _SHIFT, _POWER = 12.92, 0.04045, 0.055, 2.4  # sRGB
_WEIGHTS = (0.2126, 0.7152, 0.0722)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours written ``#rrggbb``, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / _LINEAR if part <= _BEND else ((part + _SHIFT) / (1 + _SHIFT)) ** _POWER for part in parts]
    return sum(weight * part for weight, part in zip(_WEIGHTS, linear, strict=True))


# Backgrounds are laid over each other from the page down to the text; names on the map have a white edge of their own, and what
# cannot be used need not be read easily (WCAG 1.4.3).
_FAINT = """() => {
  const parse = (colour) => {
    const parts = colour.match(/[\\d.]+/g).map(Number);
    return colour.startsWith("color(srgb") ? [...parts.slice(0, 3).map((part) => 255 * part), parts[3] ?? 1] : [...parts.slice(0, 3), parts[3] ?? 1];
  };
  const over = (top, below) => [0, 1, 2].map((part) => top[part] * top[3] + below[part] * (1 - top[3]));
  const light = (colour) => {
    const [red, green, blue] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const upward = (element) => { const found = []; for (let at = element; at; at = at.parentElement) found.push(at); return found; };
  const ground = (element) => upward(element).reverse().reduce((below, at) => over(parse(getComputedStyle(at).backgroundColor), below), [255, 255, 255]);
  const faint = [];
  const hold = (text, element, style, fade) => {
    const below = ground(element), colour = parse(style.color);
    colour[3] *= upward(element).reduce((all, at) => all * Number(getComputedStyle(at).opacity), fade);
    const [one, other] = [light(over(colour, below)), light(below)], size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const contrast = Math.max(one, other) / Math.min(one, other);
    if (contrast < (large ? 3 : 4.5)) faint.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}, ${style.color} on ${below.map(Math.round)}`);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement, box = element.getBoundingClientRect();
    if (!text || box.width < 2 || box.height < 2 || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (!element.closest("script, style, noscript, canvas, :disabled, [aria-disabled=true], .gpm-name")) hold(text, element, getComputedStyle(element), 1);
  }
  for (const field of document.querySelectorAll("input[placeholder], textarea[placeholder]"))
    if (field.placeholder && !field.value && field.checkVisibility()) {
      const style = getComputedStyle(field, "::placeholder");
      hold(field.placeholder, field, style, Number(style.opacity));
    }
  return faint;
}"""


def faint_texts(page: Page) -> list[str]:
    """The texts and placeholders in view of a page that are too faint to read, with their contrast."""
    found: list[Any] = page.evaluate(_FAINT)
    return [str(one) for one in found]
