import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import sonarjs from 'eslint-plugin-sonarjs';
import tseslint from 'typescript-eslint';

/** Files that read the environment: the one place in each package that turns it into typed settings. */
const ENVIRONMENT_READERS = [
  'src/config/**',
  'probe/src/config/**',
  'cli/src/config/**',
  'probe/src/cli.ts',
  'warts/src/cli.ts',
  'web/vite.config.ts',
  'test/**',
  'probe/test/**',
  'warts/test/**',
  'sntp/test/**',
  '**/*.spec.ts',
];

/** What no code may do; rules of the same name replace each other, so every list of them has these. */
const RESTRICTED_SYNTAX = [
  {
    selector: "CallExpression[callee.property.name='cursor']",
    message:
      "mongoose's cursors stay open when a reader stops early: use eachByPages() (platform/database/read.ts).",
  },
];

const PROTOCOL_NAME = '/^(classic|native|globalping|atlas)$/';

const ASK_FOR_CAPABILITIES =
  'The core knows no protocol: ask what the probe can (capabilities; docs/adr/0021), or let its adapter say it.';

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      'web/generated/**',
      'cli/src/generated/**',
      'coverage/**',
      'data/**',
      '.tools/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './web/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { sonarjs },
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read the environment in config/ only.' },
      ],
      'no-restricted-syntax': ['error', ...RESTRICTED_SYNTAX],
      'sonarjs/cognitive-complexity': ['error', 15],
      // DTOs are shapes with decorators, and mongoose's options are classes in name only: object literals are right for both
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['web/src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      // handlers that set a state are one expression
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // an absent parameter is '' as well as undefined
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
    },
  },
  {
    files: ['src/adapters/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/core/**', '**/platform/database/**'],
              importNamePattern: '(Repository|Schema)$|^TransactionsService$',
              message: 'An adapter translates and delegates: ask a service of the core.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/core/**/*.ts'],
    // what earlier versions stored is read, and moved, by the names that they gave it
    ignores: ['**/*.spec.ts', 'src/core/maintenance/migrations/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...RESTRICTED_SYNTAX,
        {
          selector: `Literal[value=${PROTOCOL_NAME}], TemplateElement[value.cooked=${PROTOCOL_NAME}]`,
          message: ASK_FOR_CAPABILITIES,
        },
        {
          selector: "BinaryExpression[operator=/^[!=]==?$/] MemberExpression[property.name='protocol']",
          message: ASK_FOR_CAPABILITIES,
        },
        {
          selector: "SwitchStatement > MemberExpression.discriminant[property.name='protocol']",
          message: ASK_FOR_CAPABILITIES,
        },
      ],
    },
  },
  {
    files: ['src/derived/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/core/**'],
              importNamePattern: '(Repository|Schema|MODEL)$',
              message:
                'Derived data writes its own collections only: read the results tail, or ask a service of the core.',
            },
          ],
        },
      ],
    },
  },
  { files: ENVIRONMENT_READERS, rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['test/**', 'probe/**', 'warts/**', 'src/cli/**', 'src/demo/**', '**/*.spec.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.spec.ts', 'test/**', 'probe/test/**', 'warts/test/**', 'sntp/test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        module: 'writable',
        URL: 'readonly',
        Buffer: 'readonly',
        globalThis: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        performance: 'readonly',
      },
    },
  },
  {
    files: ['web/public/*.js'],
    languageOptions: { globals: { document: 'readonly', localStorage: 'readonly' } },
  },
);
