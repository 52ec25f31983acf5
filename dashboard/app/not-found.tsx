export default function NotFound() {
  return (
    <main className="lost">
      <h1>This page does not exist</h1>
      <p>
        <a href="/ops/">Go to operations</a>
      </p>
    </main>
  );
}
