export const zh = {
  title: '登录',
  user: '用户名',
  password: '密码',
  submit: '登录',
  busy: '正在登录…',
  tagline: '全部表计，实时一屏。',
  wait: '请在 {seconds} 秒后再试。',
  show: '显示密码',
  hide: '隐藏密码',
};

export const en: typeof zh = {
  title: 'Sign in',
  user: 'User',
  password: 'Password',
  submit: 'Sign in',
  busy: 'Signing in…',
  tagline: 'Every meter of the estate, live on one wall.',
  wait: 'Try again in {seconds} s.',
  show: 'Show password',
  hide: 'Hide password',
};
