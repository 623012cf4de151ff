import { defineConfig } from "vite";

// The gateway serves static/build at /static/ and finds the hashed names in .vite/manifest.json.
export default defineConfig({
  base: "/static/",
  publicDir: false,
  build: {
    outDir: "static/build",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["static/src/main.ts", "static/src/login.ts"] },
  },
});
