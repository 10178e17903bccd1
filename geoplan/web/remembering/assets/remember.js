/** Keeps the author's name in a cookie, which Python reads at the next visit, and says in which language the page is. */
export default function ({ data }) {
  document.cookie = `${data.cookie}; path=/; max-age=31536000; SameSite=Strict`;
  document.documentElement.lang = data.language;
}
