// First: what is secret in the address leaves it before anything reads it.
import './sign-in-link.ts';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './style.css';

createRoot(document.getElementById('root')!).render(<App />);
