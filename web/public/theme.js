// Runs before the first paint, so that a light screen never flashes dark. The content security policy forbids inline scripts.
try {
  const stored = JSON.parse(localStorage.getItem('meterwall.settings') || '{}');
  const root = document.documentElement;
  const theme = stored.theme === 'light' ? 'light' : 'dark';
  root.dataset.theme = theme;
  root.dataset.density = stored.density === 'comfortable' ? 'comfortable' : 'compact';
  root.classList.toggle('dark', theme === 'dark');
} catch {
  // Without storage the screen stays dark: the control room's default.
}
