export default function Page() { return <main>ops</main>; }
