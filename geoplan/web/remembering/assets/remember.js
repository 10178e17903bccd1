/** Keeps the author's name in a cookie: Python reads it at the next visit. */
export default function ({ data }) {
  document.cookie = `${data.cookie}; path=/; max-age=31536000; SameSite=Strict`;
}
