// Before the first paint, so that a page that was set to dark does not flash; the key is that of src/ui/scheme.ts.
try {
  const scheme = localStorage.getItem('pladmed.scheme');
  if (scheme === 'light' || scheme === 'dark') document.documentElement.dataset.scheme = scheme;
} catch {
  // storage is not allowed: the system's scheme it is
}
