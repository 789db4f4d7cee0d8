import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

/** Of `npm run dev`: the API that a running stack serves. */
const api = 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [sveltekit()],
  build: { target: 'es2022', rolldownOptions: { checks: { pluginTimings: false } } },
  server: { proxy: { '/api': { target: api, ws: true }, '/badge': api, '/openapi.json': api } },
});
