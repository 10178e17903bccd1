/** Keeps the author's name in a cookie, which Python reads at the next visit. */
export default function ({ data }) {
  document.cookie = `${data.cookie}; path=/; max-age=31536000; SameSite=Strict`;
}
