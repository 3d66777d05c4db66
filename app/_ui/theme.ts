import { createTheme } from '@mui/material/styles'
import { dark, light } from './tokens'

declare module '@mui/material/styles' {
  interface Palette {
    t: typeof light
  }
  interface PaletteOptions {
    t: typeof light
  }
}

const v = (name: keyof typeof light) => `var(--mui-palette-t-${name})`
/** On a phone, and wherever a finger is the pointer, everything that can be tapped is 44 high. */
const touch = '@media (max-width:700px), (pointer:coarse)'
const phone = '@media (max-width:699.98px)'
const ring = { outline: `2px solid ${v('now')}`, outlineOffset: 2 }
const inset = { ...ring, outlineOffset: -2 }
const size = (px: number, line: number, weight = 400, em = -0.006) => ({
  fontSize: `${px / 16}rem`,
  lineHeight: line / px,
  fontWeight: weight,
  letterSpacing: `${em}em`,
})

const palette = (t: typeof light) => ({
  t,
  background: { default: t.paper, paper: t.raised },
  text: { primary: t.ink, secondary: t.ink2, disabled: t.inkDisabled },
  divider: t.line,
  primary: { main: t.action, dark: t.actionHover, contrastText: t.onAction },
  secondary: { main: t.now, contrastText: t.paper },
  error: { main: t.danger, dark: t.dangerHover, contrastText: t.onDanger },
  success: { main: t.good },
  warning: { main: t.wait },
  info: { main: t.now },
  action: { hover: t.hover, selected: t.active, disabled: t.inkDisabled, disabledBackground: t.hover },
})

export const theme = createTheme({
  cssVariables: { colorSchemeSelector: 'data' },
  colorSchemes: { light: { palette: palette(light) }, dark: { palette: palette(dark) } },
  shape: { borderRadius: 8 },
  spacing: 4,
  typography: {
    fontFamily: '"Inter Variable","Inter Fallback",system-ui,sans-serif',
    h1: size(20, 28, 600, -0.017),
    h2: size(16, 24, 600, -0.012),
    h3: size(14, 20, 600, -0.008),
    body1: size(14, 20),
    body2: size(13, 18),
    caption: size(12, 16, 400, 0),
    button: { ...size(14, 20, 500), textTransform: 'none' },
  },
  components: {
    MuiButtonBase: {
      defaultProps: { disableRipple: true },
      styleOverrides: { root: { '&.Mui-focusVisible': ring } },
    },
    MuiSwitch: {
      styleOverrides: {
        // Around the thumb the ring would be cut off.
        root: { '&& .Mui-focusVisible': { outline: 'none' }, '&& .Mui-focusVisible + .MuiSwitch-track': ring },
      },
    },
    MuiButton: {
      defaultProps: { variant: 'outlined', disableElevation: true },
      styleOverrides: {
        root: {
          minWidth: 0,
          height: 34,
          padding: '0 12px',
          whiteSpace: 'nowrap',
          variants: [
            {
              props: { variant: 'outlined' },
              style: {
                color: v('ink'),
                background: v('raised'),
                borderColor: v('lineStrong'),
                '&:hover': { background: v('hover') },
                '&.Mui-disabled': { background: v('hover'), borderColor: v('line') },
              },
            },
            { props: { variant: 'text' }, style: { color: v('ink2'), padding: '0 8px' } },
            { props: { size: 'small' }, style: { height: 28, padding: '0 9px', fontSize: '.8125rem' } },
          ],
          [touch]: { height: '44px !important', borderRadius: 10 },
        },
        startIcon: { marginRight: 8, marginLeft: 0 },
      },
    },
    MuiIconButton: {
      styleOverrides: {
        root: {
          width: 34,
          height: 34,
          padding: 0,
          borderRadius: 8,
          color: v('ink2'),
          '&:hover': { background: v('hover') },
          [touch]: { width: 44, height: 44 },
        },
      },
    },
    MuiInputLabel: {
      defaultProps: { shrink: true },
      styleOverrides: {
        root: {
          position: 'static',
          transform: 'none',
          maxWidth: 'none',
          marginBottom: 6,
          ...size(13, 18, 500),
          '&, &.Mui-focused, &.Mui-error': { color: v('ink') },
        },
      },
    },
    MuiOutlinedInput: {
      defaultProps: { notched: false },
      styleOverrides: {
        input: {
          padding: '7px 11px',
          height: 'auto',
          lineHeight: '20px',
          '&::placeholder': { color: v('ink3'), opacity: 1 },
          [touch]: { fontSize: '1rem' },
        },
        adornedStart: { paddingLeft: 11 },
        adornedEnd: { paddingRight: 11 },
        notchedOutline: { inset: 0, borderColor: v('control'), '& legend': { display: 'none' } },
        root: {
          minHeight: 36,
          [touch]: { minHeight: 44, borderRadius: 10 },
          '&:hover:not(.Mui-error) .MuiOutlinedInput-notchedOutline': { borderColor: v('control') },
          '&.Mui-focused:not(.Mui-error) .MuiOutlinedInput-notchedOutline': { borderColor: v('now') },
        },
      },
    },
    MuiFormHelperText: { styleOverrides: { root: { margin: '6px 0 0', ...size(13, 18) } } },
    MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiBackdrop: {
      styleOverrides: {
        root: { '&:not(.MuiBackdrop-invisible)': { background: 'var(--scrim)' } },
      },
    },
    MuiDialog: {
      styleOverrides: {
        paper: {
          width: 560,
          margin: 16,
          borderRadius: 14,
          boxShadow: 'var(--e2)',
          [phone]: {
            width: '100%',
            maxWidth: 'none',
            height: '100dvh',
            maxHeight: 'none',
            margin: 0,
            borderRadius: 0,
          },
        },
      },
    },
    MuiDialogTitle: {
      defaultProps: { variant: 'h2' },
      styleOverrides: { root: { padding: '23px 24px 4px', [phone]: { padding: '20px 16px 4px' } } },
    },
    MuiDialogContent: {
      styleOverrides: { root: { padding: '16px 24px 20px', [phone]: { padding: '14px 16px 20px' } } },
    },
    MuiDialogActions: {
      styleOverrides: {
        root: { padding: '14px 24px', borderTop: `1px solid ${v('line')}`, [phone]: { padding: 16 } },
      },
    },
    MuiAlert: {
      defaultProps: { variant: 'outlined' },
      styleOverrides: {
        root: {
          borderRadius: 10,
          padding: '10px 14px',
          color: v('ink'),
          ...size(13, 18),
          variants: (['warning', 'error', 'info', 'success'] as const).map((severity) => {
            const tone = ({ warning: 'wait', error: 'stop', info: 'now', success: 'good' } as const)[severity]
            return {
              props: { severity },
              style: {
                background: v(`${tone}Soft`),
                borderColor: v(`${tone}Line`),
                '& .MuiAlert-icon': { color: v(tone) },
              },
            }
          }),
        },
        icon: { padding: '1px 0 0', marginRight: 10, fontSize: 16 },
        message: { padding: 0 },
        action: { padding: '0 0 0 12px', alignItems: 'center' },
      },
    },
    MuiMenu: {
      styleOverrides: {
        paper: { border: `1px solid ${v('line')}`, borderRadius: 10, boxShadow: 'var(--e1)', minWidth: 200 },
        list: { padding: 6 },
      },
    },
    MuiMenuItem: {
      styleOverrides: {
        root: {
          ...size(13, 18),
          minHeight: 34,
          gap: 10,
          padding: '6px 10px',
          borderRadius: 6,
          '&.Mui-focusVisible': { ...inset, background: v('hover') },
          [touch]: { minHeight: 44 },
        },
      },
    },
  },
})
