import { defineConfig } from "vite";

// One script and one style sheet, named by their content: Streamlit finds them by pattern, browsers may keep them for ever.
export default defineConfig({
  build: {
    target: "es2020",
    assetsInlineLimit: Number.MAX_SAFE_INTEGER, // pictures of the libraries go into the style sheet
    lib: { entry: "src/index.ts", formats: ["es"], cssFileName: "index" },
    rolldownOptions: { output: { entryFileNames: "index-[hash].js", assetFileNames: "index-[hash][extname]" } },
  },
});
