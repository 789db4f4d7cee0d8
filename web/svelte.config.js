import adapter from '@sveltejs/adapter-static';

/** @type {import('@sveltejs/kit').Config} */
export default {
  compilerOptions: { runes: true },
  kit: {
    adapter: adapter({
      pages: '../api/web',
      assets: '../api/web',
      fallback: 'index.html',
      precompress: true,
    }),
    // What is served names its scripts' hashes in a header: see api/dashboard.py.
    paths: { relative: false },
    // The same sources make the same files; those of another version have other names.
    version: { name: 'dashboard' },
  },
};
