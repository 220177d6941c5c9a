/** The page that shows the widget. On a development server it leads to the other side of the chat, too. */

const section = document.querySelector<HTMLElement>("#agent");

// Anybody can sign in there on loopback only, and only where the server has a development key.
if (section !== null && ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) section.hidden = false;
