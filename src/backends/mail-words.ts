/** The few words of the transcript, in every language it can be written in; the operator's texts come from the options. */

import type { LeaveReason, ParticipantType } from "../core/transcript.ts";
import type { MailLanguageTag } from "../protocol/options.ts";

/** Everything the transcript says by itself. `{service}` and `{count}` are replaced; dates, sizes and units come from Intl. */
export interface MailWords {
  /** Title and default subject of the mail. */
  readonly title: string;
  readonly subject: string;
  readonly started: string;
  readonly duration: string;
  /** In place of the duration while the chat goes on. */
  readonly open: string;
  readonly timeZone: string;
  readonly files: string;
  readonly filesNote: string;
  readonly file: string;
  readonly fileDeleted: string;
  readonly deleted: string;
  readonly joined: string;
  readonly left: Readonly<Record<LeaveReason, string>>;
  readonly newName: string;
  readonly page: string;
  readonly entriesOmitted: string;
  readonly filesOmitted: string;
  readonly roles: Readonly<Record<ParticipantType, string>>;
}

/** English, for a service that offers no language there are words for. */
export const ENGLISH_WORDS: MailWords = {
  title: "Transcript of your chat with {service}",
  subject: "Subject",
  started: "Started",
  duration: "Duration",
  open: "still open",
  timeZone: "Time zone",
  files: "Files",
  filesNote: "The files themselves are not part of this message.",
  file: "File",
  fileDeleted: "File deleted",
  deleted: "deleted",
  joined: "joined",
  left: {
    left: "left",
    ended: "left, chat ended",
    inactivity: "left, inactive",
    disconnected: "left, connection lost",
  },
  newName: "New name",
  page: "Page",
  entriesOmitted: "This transcript is too long for one message. Oldest entries left out: {count}",
  filesOmitted: "Oldest files not listed: {count}",
  roles: { Client: "customer", Agent: "agent", Supervisor: "supervisor", External: "external", System: "system" },
};

const de: MailWords = {
  title: "Protokoll Ihres Chats mit {service}",
  subject: "Betreff",
  started: "Beginn",
  duration: "Dauer",
  open: "noch offen",
  timeZone: "Zeitzone",
  files: "Dateien",
  filesNote: "Die Dateien selbst sind nicht Teil dieser Nachricht.",
  file: "Datei",
  fileDeleted: "Datei gelöscht",
  deleted: "gelöscht",
  joined: "ist beigetreten",
  left: {
    left: "hat den Chat verlassen",
    ended: "hat den Chat verlassen, Chat beendet",
    inactivity: "hat den Chat verlassen, inaktiv",
    disconnected: "hat den Chat verlassen, Verbindung verloren",
  },
  newName: "Neuer Name",
  page: "Seite",
  entriesOmitted: "Dieses Protokoll ist zu lang für eine Nachricht. Ausgelassene älteste Einträge: {count}",
  filesOmitted: "Nicht aufgeführte älteste Dateien: {count}",
  roles: { Client: "Kunde", Agent: "Service", Supervisor: "Leitung", External: "extern", System: "System" },
};

const fr: MailWords = {
  title: "Transcription de votre conversation avec {service}",
  subject: "Objet",
  started: "Début",
  duration: "Durée",
  open: "encore ouverte",
  timeZone: "Fuseau horaire",
  files: "Fichiers",
  filesNote: "Les fichiers eux-mêmes ne font pas partie de ce message.",
  file: "Fichier",
  fileDeleted: "Fichier supprimé",
  deleted: "supprimé",
  joined: "a rejoint la conversation",
  left: {
    left: "a quitté la conversation",
    ended: "a quitté la conversation, conversation terminée",
    inactivity: "a quitté la conversation, inactivité",
    disconnected: "a quitté la conversation, connexion perdue",
  },
  newName: "Nouveau nom",
  page: "Page",
  entriesOmitted:
    "Cette transcription est trop longue pour un seul message. Entrées les plus anciennes omises : {count}",
  filesOmitted: "Fichiers les plus anciens non listés : {count}",
  roles: { Client: "client", Agent: "conseil", Supervisor: "supervision", External: "externe", System: "système" },
};

const es: MailWords = {
  title: "Transcripción de su chat con {service}",
  subject: "Asunto",
  started: "Inicio",
  duration: "Duración",
  open: "aún abierto",
  timeZone: "Zona horaria",
  files: "Archivos",
  filesNote: "Los archivos no forman parte de este mensaje.",
  file: "Archivo",
  fileDeleted: "Archivo eliminado",
  deleted: "eliminado",
  joined: "se ha unido",
  left: {
    left: "ha salido",
    ended: "ha salido, chat finalizado",
    inactivity: "ha salido, inactividad",
    disconnected: "ha salido, conexión perdida",
  },
  newName: "Nuevo nombre",
  page: "Página",
  entriesOmitted: "Esta transcripción es demasiado larga para un mensaje. Entradas más antiguas omitidas: {count}",
  filesOmitted: "Archivos más antiguos no mostrados: {count}",
  roles: { Client: "cliente", Agent: "agente", Supervisor: "supervisión", External: "externo", System: "sistema" },
};

const it: MailWords = {
  title: "Trascrizione della chat con {service}",
  subject: "Oggetto",
  started: "Inizio",
  duration: "Durata",
  open: "ancora aperta",
  timeZone: "Fuso orario",
  files: "File",
  filesNote: "I file non fanno parte di questo messaggio.",
  file: "File",
  fileDeleted: "File eliminato",
  deleted: "eliminato",
  joined: "si è unito alla chat",
  left: {
    left: "ha lasciato la chat",
    ended: "ha lasciato la chat, chat terminata",
    inactivity: "ha lasciato la chat, inattività",
    disconnected: "ha lasciato la chat, connessione persa",
  },
  newName: "Nuovo nome",
  page: "Pagina",
  entriesOmitted: "Questa trascrizione è troppo lunga per un messaggio. Voci più vecchie omesse: {count}",
  filesOmitted: "File più vecchi non elencati: {count}",
  roles: { Client: "cliente", Agent: "agente", Supervisor: "supervisione", External: "esterno", System: "sistema" },
};

const pt: MailWords = {
  title: "Transcrição da sua conversa com {service}",
  subject: "Assunto",
  started: "Início",
  duration: "Duração",
  open: "ainda aberta",
  timeZone: "Fuso horário",
  files: "Arquivos",
  filesNote: "Os arquivos não fazem parte desta mensagem.",
  file: "Arquivo",
  fileDeleted: "Arquivo excluído",
  deleted: "excluído",
  joined: "entrou na conversa",
  left: {
    left: "saiu da conversa",
    ended: "saiu da conversa, conversa encerrada",
    inactivity: "saiu da conversa, inatividade",
    disconnected: "saiu da conversa, conexão perdida",
  },
  newName: "Novo nome",
  page: "Página",
  entriesOmitted: "Esta transcrição é longa demais para uma mensagem. Entradas mais antigas omitidas: {count}",
  filesOmitted: "Arquivos mais antigos não listados: {count}",
  roles: { Client: "cliente", Agent: "agente", Supervisor: "supervisão", External: "externo", System: "sistema" },
};

const ja: MailWords = {
  title: "{service} とのチャットの記録",
  subject: "件名",
  started: "開始",
  duration: "所要時間",
  open: "継続中",
  timeZone: "タイムゾーン",
  files: "ファイル",
  filesNote: "ファイルそのものはこのメールに含まれていません。",
  file: "ファイル",
  fileDeleted: "ファイルを削除",
  deleted: "削除済み",
  joined: "参加",
  left: {
    left: "退出",
    ended: "退出（チャット終了）",
    inactivity: "退出（応答なし）",
    disconnected: "退出（接続切断）",
  },
  newName: "新しい名前",
  page: "ページ",
  entriesOmitted: "記録が長すぎるため、古い項目を省略しました。省略した件数：{count}",
  filesOmitted: "一覧に含まれない古いファイルの数：{count}",
  roles: {
    Client: "お客様",
    Agent: "担当者",
    Supervisor: "スーパーバイザー",
    External: "外部",
    System: "システム",
  },
};

const zh: MailWords = {
  title: "您与 {service} 的聊天记录",
  subject: "主题",
  started: "开始时间",
  duration: "时长",
  open: "仍在进行",
  timeZone: "时区",
  files: "文件",
  filesNote: "本邮件不包含文件本身。",
  file: "文件",
  fileDeleted: "文件已删除",
  deleted: "已删除",
  joined: "加入了聊天",
  left: {
    left: "离开了聊天",
    ended: "离开了聊天（聊天已结束）",
    inactivity: "离开了聊天（长时间无活动）",
    disconnected: "离开了聊天（连接中断）",
  },
  newName: "新名称",
  page: "页面",
  entriesOmitted: "聊天记录过长，已省略最早的条目，数量：{count}",
  filesOmitted: "未列出的最早文件数量：{count}",
  roles: { Client: "客户", Agent: "客服", Supervisor: "主管", External: "外部", System: "系统" },
};

const ar: MailWords = {
  title: "نص محادثتك مع {service}",
  subject: "الموضوع",
  started: "البداية",
  duration: "المدة",
  open: "ما زالت مفتوحة",
  timeZone: "المنطقة الزمنية",
  files: "الملفات",
  filesNote: "الملفات نفسها ليست جزءًا من هذه الرسالة.",
  file: "ملف",
  fileDeleted: "حُذف الملف",
  deleted: "محذوف",
  joined: "انضمام",
  left: {
    left: "مغادرة",
    ended: "مغادرة، انتهت المحادثة",
    inactivity: "مغادرة، عدم نشاط",
    disconnected: "مغادرة، انقطع الاتصال",
  },
  newName: "الاسم الجديد",
  page: "صفحة",
  entriesOmitted: "نص المحادثة أطول من أن تتسع له رسالة واحدة. عدد الإدخالات الأقدم المحذوفة: {count}",
  filesOmitted: "عدد الملفات الأقدم غير المدرجة: {count}",
  roles: { Client: "عميل", Agent: "موظف", Supervisor: "مشرف", External: "خارجي", System: "النظام" },
};

const he: MailWords = {
  title: "תמליל השיחה שלך עם {service}",
  subject: "נושא",
  started: "התחלה",
  duration: "משך",
  open: "עדיין פתוחה",
  timeZone: "אזור זמן",
  files: "קבצים",
  filesNote: "הקבצים עצמם אינם חלק מהודעה זו.",
  file: "קובץ",
  fileDeleted: "קובץ נמחק",
  deleted: "נמחק",
  joined: "הצטרפות",
  left: {
    left: "עזיבה",
    ended: "עזיבה, השיחה הסתיימה",
    inactivity: "עזיבה, חוסר פעילות",
    disconnected: "עזיבה, החיבור נותק",
  },
  newName: "שם חדש",
  page: "דף",
  entriesOmitted: "התמליל ארוך מדי להודעה אחת. מספר הרשומות הישנות שהושמטו: {count}",
  filesOmitted: "מספר הקבצים הישנים שאינם ברשימה: {count}",
  roles: { Client: "לקוח", Agent: "נציג", Supervisor: "מנהל", External: "חיצוני", System: "מערכת" },
};

/** The words by BCP 47 primary tag. */
export const MAIL_WORDS: Record<MailLanguageTag, MailWords> = { en: ENGLISH_WORDS, de, fr, es, it, pt, ja, zh, ar, he };
